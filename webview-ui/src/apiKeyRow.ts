import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { isBusy } from "./busy.ts";

type OwnKey = View["ownKey"];

function keyState(ownKey: OwnKey): TemplateResult {
  if (ownKey.status === "absent") return html`<p>${l10n.t("No API key is set.")}</p>`;
  const { masked, checked } = ownKey;
  return html`<p class="key">
    <span class="mono">${masked}</span>
    <span class="state ${checked ? "good" : ""}"
      ><panel-icon name=${checked ? "pass" : "question"}></panel-icon>${
        checked ? l10n.t("Verified") : l10n.t("Not verified")
      }</span
    >
  </p>`;
}

function buttons(ownKey: OwnKey, busy: boolean): TemplateResult {
  if (ownKey.status === "absent") {
    const name = l10n.t("Set OpenAI API key");
    return html`<div class="buttons">
      ${actionButton({ label: l10n.t("Set…"), name, intent: { type: "setApiKey" }, busy })}
    </div>`;
  }
  return html`<div class="buttons">
    ${actionButton({
      label: l10n.t("Replace…"),
      name: l10n.t("Replace OpenAI API key"),
      intent: { type: "setApiKey" },
      busy,
    })}
    ${actionButton({
      label: l10n.t("Remove"),
      name: l10n.t("Remove OpenAI API key"),
      intent: { type: "removeApiKey" },
      blocked: busy,
    })}
  </div>`;
}

/** What VS Code was started with, and could use. */
function environmentKey(ownKey: OwnKey, busy: boolean): TemplateResult | typeof nothing {
  if (ownKey.status === "present" || ownKey.inEnvironment !== true) return nothing;
  return html`<div class="block row">
    <div class="text">
      <p>${l10n.t("Found a key in OPENAI_API_KEY.")}</p>
      <p class="detail">${l10n.t("It isn't used unless you save it here.")}</p>
    </div>
    <div class="buttons">
      ${actionButton({
        label: l10n.t("Use key"),
        name: l10n.t("Use key from OPENAI_API_KEY"),
        intent: { type: "adoptEnvironmentKey" },
        blocked: busy,
      })}
    </div>
  </div>`;
}

/** The person's own API key: masked, whether it was verified, and the buttons that change it. */
export function apiKeyRow(view: View): TemplateResult {
  const { ownKey } = view;
  const busy = isBusy(view, "ownKey");
  return html`<section class="section" aria-labelledby="api-key-title" data-region>
    <h2 id="api-key-title">${l10n.t("Your OpenAI API key")}</h2>
    <div class="card">
      <div class="block row">
        <div class="text">
          ${keyState(ownKey)}
          <p class="detail">${l10n.t("Keys are saved in VS Code's secret storage and never shown in full.")}</p>
        </div>
        ${buttons(ownKey, busy)}
      </div>
      ${environmentKey(ownKey, busy)}
    </div>
  </section>`;
}
