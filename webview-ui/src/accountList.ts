import { html, nothing, type TemplateResult } from "lit";
import type { OtherAccountView, View } from "../../src/shared/panelProtocol.ts";
import { planName } from "../../src/shared/planName.ts";
import { actionButton } from "./actionButton.ts";
import { originWords } from "./words.ts";

function row(account: OtherAccountView, busy: View["busy"]): TemplateResult {
  const { id, label, plan, origin, needsSignIn } = account;
  const blocked = busy === "signOut";
  return html`<li class="block row">
    <div class="text">
      <div class="who">
        <p class="headline">${label}</p>
        ${
          plan === undefined
            ? nothing
            : html`<vscode-badge><span class="visually-hidden">Plan: </span>${planName(plan)}</vscode-badge>`
        }
      </div>
      <p class="detail">${originWords[origin]}${needsSignIn ? " Needs you to sign in again." : ""}</p>
    </div>
    <div class="buttons">
      ${actionButton({ label: "Use", name: `Use ${label}`, intent: { type: "switchAccount", id }, blocked })}
      ${actionButton({
        label: "Sign out",
        name: `Sign out of ${label}`,
        intent: { type: "signOutAccount", id },
        blocked,
      })}
    </div>
  </li>`;
}

/** The accounts that are signed in beside the one that is used, and the way to add one. */
export function accountList(view: View): TemplateResult | typeof nothing {
  if (view.sign.status === "signedOut") {
    return nothing;
  }
  const others = view.otherAccounts ?? [];
  const add = actionButton({
    label: "Add account",
    icon: "account",
    intent: { type: "addAccount" },
    blocked: view.attempt !== undefined,
  });
  return html`<section class="section" aria-labelledby="other-accounts-title" data-region>
    <h2 id="other-accounts-title">Other ChatGPT accounts</h2>
    <div class="card">
      ${others.length === 0 ? nothing : html`<ul class="accounts">${others.map((account) => row(account, view.busy))}</ul>`}
      <div class="block row">
        <p class="text detail">
          ${
            others.length === 0
              ? "Another account, or the same one in another ChatGPT workspace, can be signed in beside this one."
              : "They stay signed in. An extension that was given one of them keeps it, whichever is used here."
          }
        </p>
        <div class="buttons">${add}</div>
      </div>
    </div>
  </section>`;
}
