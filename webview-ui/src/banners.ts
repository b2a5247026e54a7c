import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { actionButton, logButton } from "./actionButton.ts";
import { locale } from "./language.ts";
import { mismatchWords } from "./words.ts";

function problemBanner({ problem, unread, notAllowed }: View): TemplateResult | typeof nothing {
  if (problem === undefined) return nothing;
  return html`<div class="banner error" role="alert" data-region>
    <panel-icon name="error"></panel-icon>
    <p>${problem}</p>
    <div class="buttons">
      ${unread ? actionButton({ label: l10n.t("Try again"), intent: { type: "readAccounts" } }) : nothing}
      ${notAllowed ? openSettingsButton() : nothing} ${logButton()}
    </div>
  </div>`;
}

function openSettingsButton(): TemplateResult {
  return actionButton({ label: l10n.t("Open settings"), intent: { type: "openEndpointSettings" } });
}

function endpointBanner({ changedEndpoints, endpointsHeldBack }: View): TemplateResult | typeof nothing {
  if (changedEndpoints.length === 0) return nothing;
  const settings = new Intl.ListFormat(locale).format(changedEndpoints);
  return html`<div class="banner warning" role="note" aria-label=${l10n.t("Custom endpoint")} data-region>
    <panel-icon name="warning"></panel-icon>
    <p>
      <strong>${l10n.t("Custom endpoint.")}</strong> ${l10n.t("Changed in your settings: {settings}.", { settings })}
      ${
        endpointsHeldBack
          ? l10n.t("Your credentials aren't sent there unless you allow it.")
          : l10n.t("Its operator can see your credentials.")
      }
    </p>
    <div class="buttons">
      ${endpointsHeldBack ? actionButton({ label: l10n.t("Review…"), intent: { type: "reviewEndpoints" } }) : nothing}
      ${openSettingsButton()}
    </div>
  </div>`;
}

/** The last failure, and the warning that the settings name another service than OpenAI's. */
export function banners(view: View): TemplateResult {
  return html`<div class="banners">${problemBanner(view)}${endpointBanner(view)}</div>`;
}

/** What is shown may be out of date: the extension sent something newer or older than this panel. */
export function mismatchBanner(): TemplateResult {
  return html`<div class="banner warning" role="alert" data-region>
    <panel-icon name="warning"></panel-icon>
    <p>${mismatchWords()}</p>
    ${logButton()}
  </div>`;
}
