import * as l10n from "@vscode/l10n";
import { html, type TemplateResult } from "lit";
import type { OtherAccountView, View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { isBusy } from "./busy.ts";

/** What the Codex CLI has to do with the active account. */
const states: Readonly<Record<OtherAccountView["origin"], () => string>> = {
  own: () => l10n.t("Share one login with the Codex CLI instead of signing in twice."),
  linked: () => l10n.t("The account above uses the login of the Codex CLI."),
  copied: () => l10n.t("The account above was copied from the Codex CLI."),
};

function stateWords({ sign }: View): string {
  const origin = sign.status === "signedOut" ? undefined : sign.account?.origin;
  return states[origin ?? "own"]();
}

/** Importing the login of the Codex CLI, and exporting one to it. */
export function codexCard(view: View): TemplateResult {
  const busy = isBusy(view, "codex");
  return html`<section class="section" aria-labelledby="codex-title" data-region>
    <h2 id="codex-title">${l10n.t("Codex CLI")}</h2>
    <div class="card">
      <div class="block">
        <p>${stateWords(view)}</p>
        <div class="buttons">
          ${actionButton({ label: l10n.t("Import from Codex CLI"), intent: { type: "importFromCodex" }, busy })}
          ${actionButton({ label: l10n.t("Export to Codex CLI"), intent: { type: "exportToCodex" }, blocked: busy })}
        </div>
      </div>
    </div>
  </section>`;
}
