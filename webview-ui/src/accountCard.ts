import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { accountDetails, accountHeading } from "./accountDetails.ts";
import { actionButton } from "./actionButton.ts";
import { attemptStrip } from "./attemptStrip.ts";
import { isBusy } from "./busy.ts";
import { needsSignInWords } from "./words.ts";

type Sign<Status> = View["sign"] & { status: Status };

function signOutButton(view: View): TemplateResult {
  const busy = isBusy(view, "signOut");
  return actionButton({
    label: busy ? l10n.t("Signing out…") : l10n.t("Sign out"),
    intent: { type: "signOut" },
    busy,
  });
}

function signedOut(view: View): TemplateResult | typeof nothing {
  if (view.attempt !== undefined) return nothing;
  return html`<div class="block">
    <p>
      ${l10n.t(
        "Sign in with your browser to use your ChatGPT account in VS Code. This extension never sees your password.",
      )}
    </p>
    <div class="buttons">
      ${actionButton({
        label: l10n.t("Sign in with ChatGPT"),
        icon: "account",
        intent: { type: "signIn" },
        primary: true,
      })}
    </div>
  </div>`;
}

function signedIn(view: View, { account }: Sign<"signedIn">, now: number): TemplateResult {
  const refreshing = isBusy(view, "refresh");
  return html`<div class="block">
    ${accountHeading(account)} ${accountDetails(account, { view, now, live: true })}
    <div class="buttons">
      ${actionButton({
        label: refreshing ? l10n.t("Refreshing…") : l10n.t("Refresh"),
        icon: "refresh",
        intent: { type: "refresh" },
        busy: refreshing,
        blocked: isBusy(view, "signOut"),
      })}
      ${signOutButton(view)}
    </div>
  </div>`;
}

function needsSignIn(view: View, { account, why }: Sign<"needsSignIn">, now: number): TemplateResult {
  const again =
    view.attempt === undefined
      ? actionButton({ label: l10n.t("Sign in again"), icon: "account", intent: { type: "signIn" }, primary: true })
      : nothing;
  return html`<div class="block">
    <div class="notice">
      <panel-icon name="warning"></panel-icon>
      <p>${needsSignInWords[why]()}</p>
    </div>
    ${
      account === undefined
        ? nothing
        : html`${accountHeading(account)} ${accountDetails(account, { view, now, live: false })}`
    }
    <div class="buttons">${again}${signOutButton(view)}</div>
  </div>`;
}

function content(view: View, now: number): TemplateResult | typeof nothing {
  const { sign } = view;
  switch (sign.status) {
    case "signedOut":
      return signedOut(view);
    case "signedIn":
      return signedIn(view, sign, now);
    case "needsSignIn":
      return needsSignIn(view, sign, now);
  }
}

/** Who is signed in, or how to sign in; a running sign-in is shown above it. */
export function accountCard(view: View, now: number): TemplateResult {
  return html`<section class="section" aria-labelledby="account-title" data-region>
    <h2 id="account-title">${l10n.t("ChatGPT account")}</h2>
    <div class="card">
      ${view.attempt === undefined ? nothing : attemptStrip(view.attempt, now)} ${content(view, now)}
    </div>
  </section>`;
}
