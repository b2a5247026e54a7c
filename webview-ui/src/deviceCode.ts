import { html, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";

type Device = NonNullable<NonNullable<View["attempt"]>["device"]>;

/** The code to type on the issuer's page, large, with that page and the warning that belongs to it. */
export function deviceCode({ userCode, page }: Device): TemplateResult {
  return html`<div class="device">
    <p>Open <span class="mono">${page}</span> in any browser, sign in and enter this code:</p>
    <p class="code mono" role="img" aria-label=${`Code ${[...userCode].join(" ")}`}>${userCode}</p>
    <div class="buttons">
      ${actionButton({ label: "Copy code", intent: { type: "copyDeviceCode" }, primary: true })}
      ${actionButton({ label: "Open its page", icon: "linkExternal", intent: { type: "openDevicePage" } })}
    </div>
    <p class="warning-line">
      <panel-icon name="warning"></panel-icon>
      <span>Never share this code, and enter none that somebody sent you: whoever has it could sign in as you.</span>
    </p>
  </div>`;
}
