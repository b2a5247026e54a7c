import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { AuthMode, View } from "../../src/shared/panelProtocol.ts";
import { post } from "./host.ts";

interface Choice {
  readonly mode: AuthMode;
  readonly label: string;
  readonly sentence: string;
  /** What is still missing for the choice to work. */
  readonly missing: string | undefined;
}

function choices(view: View): readonly Choice[] {
  return [
    {
      mode: "apiKey",
      label: l10n.t("API key"),
      sentence: l10n.t("Requests use your OpenAI API key and are billed to its organization."),
      missing: view.ownKey.status === "absent" ? l10n.t("No API key is set.") : undefined,
    },
    {
      mode: "chatgpt",
      label: l10n.t("ChatGPT"),
      sentence: l10n.t("Requests use your ChatGPT account."),
      missing: view.sign.status === "signedIn" ? undefined : l10n.t("Sign-in required"),
    },
  ];
}

function radio(choice: Choice, view: View): TemplateResult {
  const { mode } = choice;
  const missing =
    view.authMode !== mode || choice.missing === undefined
      ? nothing
      : html`<span class="missing"><panel-icon name="warning"></panel-icon>${choice.missing}</span>`;
  // `live`: the person's choice checks the radio at once, the view has the last word.
  return html`<label class="choice">
    <input
      type="radio"
      name="authMode"
      value=${mode}
      aria-label=${choice.label}
      aria-describedby=${`auth-mode-${mode}`}
      .checked=${live(view.authMode === mode)}
      @change=${() => post({ type: "setAuthMode", authMode: mode })}
    />
    <span class="text">
      <span class="label">${choice.label}</span>
      <span id=${`auth-mode-${mode}`}><span class="sentence">${choice.sentence}</span> ${missing}</span>
    </span>
  </label>`;
}

/**
 * The choice between API key and ChatGPT. Native radios have the arrow keys, and the role that `vscode-radio` (a
 * checkbox inside) hides from screen readers.
 */
export function authModeToggle(view: View): TemplateResult {
  return html`<section class="section" data-region>
    <h2 id="auth-mode-title">${l10n.t("Make requests with")}</h2>
    <div class="card choices" role="radiogroup" aria-labelledby="auth-mode-title">
      ${choices(view).map((choice) => radio(choice, view))}
    </div>
  </section>`;
}
