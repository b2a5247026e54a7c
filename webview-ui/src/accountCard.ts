import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { accountDetails, accountHeading } from "./accountDetails.ts";
import { actionButton } from "./actionButton.ts";
import { attemptStrip } from "./attemptStrip.ts";
import { needsSignInWords } from "./words.ts";

function signOutButton(view: View): TemplateResult {
  const busy = view.busy === "signOut";
  return actionButton({ label: busy ? "Signing out…" : "Sign out", intent: { type: "signOut" }, busy });
}

function signedOut(view: View): TemplateResult | typeof nothing {
  if (view.attempt !== undefined) {
    return nothing;
  }
  return html`<div class="block">
    <p>
      Sign in through your browser to use your ChatGPT account in VS Code; your password never reaches this extension.
    </p>
    <div class="buttons">
      ${actionButton({ label: "Sign in with ChatGPT", icon: "account", intent: { type: "signIn" }, primary: true })}
    </div>
  </div>`;
}

function signedIn(view: View, sign: View["sign"] & { status: "signedIn" }, now: number): TemplateResult {
  const refreshing = view.busy === "refresh";
  return html`<div class="block">
    ${accountHeading(sign.account)} ${accountDetails(sign.account, now, view.busy, true)}
    <div class="buttons">
      ${actionButton({
        label: refreshing ? "Refreshing…" : "Refresh",
        icon: "refresh",
        intent: { type: "refresh" },
        busy: refreshing,
        blocked: view.busy === "signOut",
      })}
      ${signOutButton(view)}
    </div>
  </div>`;
}

function needsSignIn(view: View, sign: View["sign"] & { status: "needsSignIn" }, now: number): TemplateResult {
  const again =
    view.attempt === undefined
      ? actionButton({ label: "Sign in again", icon: "account", intent: { type: "signIn" }, primary: true })
      : nothing;
  return html`<div class="block">
    <div class="notice">
      <panel-icon name="warning"></panel-icon>
      <p>${needsSignInWords[sign.why]}</p>
    </div>
    ${
      sign.account === undefined
        ? nothing
        : html`${accountHeading(sign.account)} ${accountDetails(sign.account, now, view.busy, false)}`
    }
    <div class="buttons">${again}${signOutButton(view)}</div>
  </div>`;
}

/** Who is signed in, or how to; a running sign-in stands above it. */
export function accountCard(view: View, now: number): TemplateResult {
  const { sign } = view;
  return html`<section class="section" aria-labelledby="account-title" data-region>
    <h2 id="account-title">ChatGPT account</h2>
    <div class="card">
      ${view.attempt === undefined ? nothing : attemptStrip(view.attempt, now)}
      ${
        sign.status === "signedOut"
          ? signedOut(view)
          : sign.status === "signedIn"
            ? signedIn(view, sign, now)
            : needsSignIn(view, sign, now)
      }
    </div>
  </section>`;
}
