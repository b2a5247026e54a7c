import * as l10n from "@vscode/l10n";
import { html, type TemplateResult } from "lit";
import type { SignInAttempt } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { sentence } from "./sentence.ts";

type Device = Extract<SignInAttempt, { stage: "waitingForDevice" }>["device"];

/** The code to enter on the issuer's page, large, with that page's address and a warning. */
export function deviceCode({ userCode, page }: Device): TemplateResult {
  const instruction = sentence(l10n.t("Open {page} in any browser, sign in, and enter this code:"), {
    page: html`<span class="mono">${page}</span>`,
  });
  const spelled = [...userCode].join(" ");
  return html`<div class="device">
    <p>${instruction}</p>
    <p class="code mono" role="img" aria-label=${l10n.t("Code {characters}", { characters: spelled })}>${userCode}</p>
    <div class="buttons">
      ${actionButton({ label: l10n.t("Copy code"), intent: { type: "copyDeviceCode" }, primary: true })}
      ${actionButton({ label: l10n.t("Open page"), icon: "linkExternal", intent: { type: "openDevicePage" } })}
    </div>
    <p class="warning-line">
      <panel-icon name="warning"></panel-icon>
      <span
        >${l10n.t(
          "Never share this code, and don't enter a code someone sent you. Whoever has it could sign in as you.",
        )}</span
      >
    </p>
  </div>`;
}
