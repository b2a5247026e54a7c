import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { OtherAccountView, View } from "../../src/shared/panelProtocol.ts";
import { planBadge } from "./accountDetails.ts";
import { actionButton } from "./actionButton.ts";
import { isBusy } from "./busy.ts";
import { originWords } from "./words.ts";

function row(account: OtherAccountView, blocked: boolean): TemplateResult {
  const { id, label, plan, origin, needsSignIn, notAllowed } = account;
  const facts = [
    originWords[origin](),
    ...(needsSignIn ? [l10n.t("Sign-in required")] : []),
    ...(notAllowed ? [l10n.t("Not allowed by your settings")] : []),
  ];
  return html`<li class="block row">
    <div class="text">
      <div class="who">
        <p class="headline">${label}</p>
        ${planBadge(plan)}
      </div>
      <p class="detail">${facts.join(" · ")}</p>
    </div>
    <div class="buttons">
      ${actionButton({
        label: l10n.t("Use"),
        name: l10n.t("Use {account}", { account: label }),
        intent: { type: "useAccount", id },
        blocked,
      })}
      ${actionButton({
        label: l10n.t("Sign out"),
        name: l10n.t("Sign out of {account}", { account: label }),
        intent: { type: "signOutAccount", id },
        blocked,
      })}
    </div>
  </li>`;
}

/** The accounts that are signed in beside the active one, and the button that adds one. */
export function accountList(view: View): TemplateResult | typeof nothing {
  if (view.sign.status === "signedOut") return nothing;
  const others = view.otherAccounts ?? [];
  const blocked = isBusy(view, "signOut");
  const rows = others.map((account) => row(account, blocked));
  return html`<section class="section" aria-labelledby="other-accounts-title" data-region>
    <h2 id="other-accounts-title">${l10n.t("Other ChatGPT accounts")}</h2>
    <div class="card">
      ${rows.length === 0 ? nothing : html`<ul class="accounts">${rows}</ul>`}
      <div class="block row">
        <p class="text detail">
          ${
            rows.length === 0
              ? l10n.t("You can also sign in with another account, or with this one in another ChatGPT workspace.")
              : l10n.t(
                  "These accounts stay signed in. Switching accounts here doesn't change which account an extension uses.",
                )
          }
        </p>
        <div class="buttons">
          ${actionButton({
            label: l10n.t("Add account"),
            icon: "account",
            intent: { type: "addAccount" },
            blocked: view.attempt !== undefined,
          })}
        </div>
      </div>
    </div>
  </section>`;
}
