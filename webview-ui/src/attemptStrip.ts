import "@vscode-elements/elements/dist/vscode-progress-bar/index.js";

import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../../src/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { elapsedTime } from "./format.ts";
import { stageWords } from "./words.ts";

/** A running sign-in: what it is doing, for how long, and the way out of it. */
export function attemptStrip(attempt: NonNullable<View["attempt"]>, now: number): TemplateResult {
  const hint =
    attempt.stage === "waitingForBrowser"
      ? html`<p class="detail">Finish in the browser window that has opened, then come back here.</p>`
      : nothing;
  return html`<div class="attempt">
    <vscode-progress-bar indeterminate aria-label="Signing in"></vscode-progress-bar>
    <div class="row">
      <div class="text">
        <p class="headline">${stageWords[attempt.stage]}</p>
        ${hint}
      </div>
      <span class="elapsed detail" role="timer" aria-live="off" aria-label="Time since the start"
        >${elapsedTime(attempt.since, now)}</span
      >
      ${actionButton({ label: "Cancel", name: "Cancel signing in", intent: { type: "cancelSignIn" } })}
    </div>
  </div>`;
}
