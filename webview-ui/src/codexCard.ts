import { html, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";

function stateWords(view: View): string {
  const origin = view.sign.status === "signedOut" ? undefined : view.sign.account?.origin;
  switch (origin) {
    case "linked":
      return "The account above is the login of the Codex CLI, which renews it.";
    case "copied":
      return "The account above was copied from the Codex CLI.";
    default:
      return "Share one login with the Codex CLI instead of signing in twice.";
  }
}

/** The neighbour: a login taken over from the Codex CLI, or given to it. */
export function codexCard(view: View): TemplateResult {
  const busy = view.busy === "codex";
  return html`<section class="section" aria-labelledby="codex-title" data-region>
    <h2 id="codex-title">Codex CLI</h2>
    <div class="card">
      <div class="block">
        <p>${stateWords(view)}</p>
        <div class="buttons">
          ${actionButton({ label: "Import from Codex CLI", intent: { type: "importFromCodex" }, busy })}
          ${actionButton({ label: "Export to Codex CLI", intent: { type: "exportToCodex" }, blocked: busy })}
        </div>
      </div>
    </div>
  </section>`;
}
