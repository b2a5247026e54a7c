import { html, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";

/** The person's own API key: masked, whether it was checked, and the buttons that change it. */
export function apiKeyRow(view: View): TemplateResult {
  const { ownKey } = view;
  const busy = view.busy === "ownKey";
  const present = ownKey.status === "present";
  const state = present
    ? html`<p class="key">
        <span class="mono">${ownKey.masked}</span>
        <span class=${ownKey.checked ? "state good" : "state"}
          ><panel-icon name=${ownKey.checked ? "pass" : "question"}></panel-icon>${
            ownKey.checked ? "checked" : "not checked"
          }</span
        >
      </p>`
    : html`<p>No key set.</p>`;
  const offered = ownKey.status === "absent" && ownKey.inEnvironment === true;
  const adopt = actionButton({
    label: "Use It",
    name: "Use It: the OpenAI API key of the environment",
    intent: { type: "adoptEnvironmentKey" },
    blocked: busy,
  });
  const change = present
    ? actionButton({ label: "Replace…", name: "Replace… the OpenAI API key", intent: { type: "setApiKey" }, busy })
    : actionButton({ label: "Set…", name: "Set… an OpenAI API key", intent: { type: "setApiKey" }, busy });
  const remove = actionButton({
    label: "Remove",
    name: "Remove the OpenAI API key",
    intent: { type: "removeApiKey" },
    blocked: busy,
  });
  return html`<section class="section" aria-labelledby="api-key-title" data-region>
    <h2 id="api-key-title">OpenAI API key</h2>
    <div class="card">
      <div class="block row">
        <div class="text">
          ${state}
          <p class="detail">
            ${present ? "Kept" : "It will be kept"} in VS Code’s secret storage, and never shown again in full.
          </p>
        </div>
        <div class="buttons">${change}${present ? remove : ""}</div>
      </div>
      ${
        offered
          ? html`<div class="block row">
              <div class="text">
                <p>VS Code’s environment has one in OPENAI_API_KEY.</p>
                <p class="detail">It is not used unless you keep it here.</p>
              </div>
              <div class="buttons">${adopt}</div>
            </div>`
          : ""
      }
    </div>
  </section>`;
}
