import "@vscode-elements/elements/dist/vscode-progress-bar/index.js";

import { html, nothing, type TemplateResult } from "lit";
import type { FlowName, Intent, View } from "../../src/shared/panelProtocol.ts";
import { type ActionButton, actionButton } from "./actionButton.ts";
import { deviceCode } from "./deviceCode.ts";
import { elapsedTime, timeLeft } from "./format.ts";
import { noticeWords, stageWords } from "./words.ts";

type AttemptView = NonNullable<View["attempt"]>;

const hints: Partial<Record<AttemptView["stage"], string>> = {
  waitingForBrowser: "Finish in the browser window that has opened, then come back here.",
  waitingForLink:
    "Sign in in the browser. When it ends on a page that it cannot open, copy that page's address and paste it here.",
};

const otherWays: Record<FlowName, ActionButton> = {
  browser: { label: "Use browser", intent: { type: "signInWith", flow: "browser" } },
  deviceCode: { label: "Use device code", intent: { type: "signInWith", flow: "deviceCode" } },
  paste: { label: "Paste link", intent: { type: "signInWith", flow: "paste" } },
};

/** A running sign-in: what it is doing, how much time is left, and the other ways to go on. */
export function attemptStrip(attempt: AttemptView, now: number): TemplateResult {
  const { stage, since, until, notice, device } = attempt;
  const hint = hints[stage];
  return html`<div class="attempt">
    <vscode-progress-bar indeterminate aria-label="Signing in"></vscode-progress-bar>
    <div class="row">
      <div class="text">
        <p class="headline">${stageWords[stage]}</p>
        ${hint === undefined ? nothing : html`<p class="detail">${hint}</p>`}
        ${notice === undefined ? nothing : html`<p class="notice-line">${noticeWords[notice]}</p>`}
      </div>
      ${
        until === undefined
          ? html`<span class="elapsed detail" role="timer" aria-live="off" aria-label="Time since the start"
              >${elapsedTime(since, now)}</span
            >`
          : html`<span class="elapsed detail" role="timer" aria-live="off" aria-label="Time left"
              >${timeLeft(until, now)} left</span
            >`
      }
      ${actionButton({ label: "Cancel", name: "Cancel signing in", intent: { type: "cancelSignIn" } })}
    </div>
    ${stage === "waitingForDevice" && device !== undefined ? deviceCode(device) : nothing} ${tunnel(attempt)}
    ${otherWaysOf(attempt)}
  </div>`;
}

function otherWaysOf({ stage, flow, hasLink, notice }: AttemptView): TemplateResult | typeof nothing {
  if (flow === undefined || !stage.startsWith("waiting")) return nothing;
  const copy: Intent = { type: "copySignInLink" };
  const again: ActionButton = { label: "Open page again", intent: { type: "signInWith", flow: "browser" } };
  const ways: ActionButton[] = [
    ...(flow === "browser" ? (notice === undefined ? [] : [again]) : [otherWays.browser]),
    ...(hasLink === true && flow !== "deviceCode" ? [{ label: "Copy link", intent: copy }] : []),
    ...(flow === "deviceCode" ? [] : [otherWays.deviceCode]),
    otherWays.paste,
  ];
  return html`<div class="ways buttons" role="group" aria-label="Other ways to go on">${ways.map(actionButton)}</div>`;
}

/** For a listener on another computer than the browser. */
function tunnel({ stage, tunnel: command }: AttemptView): TemplateResult | typeof nothing {
  if (command === undefined || stage !== "waitingForBrowser") return nothing;
  return html`<p class="tunnel detail">
    If your browser is on another computer than this extension, it ends on a page that it cannot open. Then paste that
    page's address here, or run this where the browser is and reload the page:
    <code class="mono">${command}</code>
  </p>`;
}
