import "@vscode-elements/elements/dist/vscode-progress-bar/index.js";

import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { FlowName, Intent, SignInAttempt } from "../../src/shared/panelProtocol.ts";
import { type ActionButton, actionButton } from "./actionButton.ts";
import { deviceCode as deviceCodeCard } from "./deviceCode.ts";
import { elapsedTime, timeLeft } from "./format.ts";
import { locale } from "./language.ts";
import { hintWords, noticeWords, stageWords } from "./words.ts";

const methods: Record<FlowName, () => ActionButton> = {
  browser: () => ({ label: l10n.t("Use browser"), intent: { type: "signInWith", flow: "browser" } }),
  deviceCode: () => ({ label: l10n.t("Use device code"), intent: { type: "signInWith", flow: "deviceCode" } }),
  paste: () => ({ label: l10n.t("Paste address"), intent: { type: "signInWith", flow: "paste" } }),
};

/** A running sign-in: what it is doing, how much time is left, and the other methods. */
export function attemptStrip(attempt: SignInAttempt, now: number): TemplateResult {
  const { stage } = attempt;
  const notice = "notice" in attempt ? attempt.notice : undefined;
  // A notice says what to do instead.
  const hint = notice === undefined ? hintWords[stage]?.() : undefined;
  return html`<div class="attempt">
    <vscode-progress-bar indeterminate aria-label=${l10n.t("Signing in")}></vscode-progress-bar>
    <div class="row">
      <div class="text">
        <p class="headline">${stageWords[stage]()}</p>
        ${hint === undefined ? nothing : html`<p class="detail">${hint}</p>`}
        ${notice === undefined ? nothing : html`<p class="notice-line">${noticeWords[notice]()}</p>`}
      </div>
      ${timer(attempt, now)}
      ${actionButton({
        label: l10n.t("Cancel"),
        name: l10n.t("Cancel sign-in"),
        intent: { type: "cancelSignIn" },
      })}
    </div>
    ${stage === "waitingForDevice" ? deviceCodeCard(attempt.device) : nothing} ${tunnel(attempt)}
    ${otherMethods(attempt)}
  </div>`;
}

function timer(attempt: SignInAttempt, now: number): TemplateResult {
  const [name, text] =
    "until" in attempt
      ? [l10n.t("Time left"), l10n.t("{time} left", { time: timeLeft(attempt.until, now, locale) })]
      : [l10n.t("Elapsed time"), elapsedTime(attempt.since, now, locale)];
  return html`<span class="elapsed detail" role="timer" aria-live="off" aria-label=${name}>${text}</span>`;
}

function otherMethods(attempt: SignInAttempt): TemplateResult | typeof nothing {
  const buttons = buttonsOf(attempt);
  if (buttons.length === 0) return nothing;
  const name = l10n.t("Other sign-in methods");
  return html`<div class="methods buttons" role="group" aria-label=${name}>${buttons.map(actionButton)}</div>`;
}

function buttonsOf(attempt: SignInAttempt): ActionButton[] {
  const copy: ActionButton = { label: l10n.t("Copy link"), intent: { type: "copySignInLink" } };
  const again: ActionButton = { label: l10n.t("Open page again"), intent: { type: "signInWith", flow: "browser" } };
  const [browser, deviceCode, paste] = [methods.browser(), methods.deviceCode(), methods.paste()];
  switch (attempt.stage) {
    case "waitingForChoice":
      return [browser, deviceCode, paste].filter(({ intent }) => !isFlow(intent, attempt.failed));
    case "waitingForBrowser":
      return [...(attempt.notice === undefined ? [] : [again]), copy, deviceCode, paste];
    case "waitingForDevice":
      return [browser, paste];
    case "waitingForLink":
      return [browser, copy, deviceCode, paste];
    case "starting":
    case "redeeming":
    case "saving":
      return [];
  }
}

function isFlow(intent: Intent, flow: FlowName): boolean {
  return intent.type === "signInWith" && intent.flow === flow;
}

/** For a listener on another computer than the browser. */
function tunnel(attempt: SignInAttempt): TemplateResult | typeof nothing {
  if (attempt.stage !== "waitingForBrowser" || attempt.tunnel === undefined) return nothing;
  return html`<p class="tunnel detail">
    ${l10n.t(
      "If your browser runs on a different computer than this extension, it ends on a page that it can't open. Copy that page's address and choose “Paste address”. Or run this command on the computer with the browser and reload the page:",
    )}
    <code class="mono">${attempt.tunnel}</code>
  </p>`;
}
