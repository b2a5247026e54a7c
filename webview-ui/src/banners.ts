import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { mismatchWords } from "./words.ts";

/** What went wrong last, and the warning that the settings name another service than OpenAI's own. */
export function banners(view: View): TemplateResult {
  const problem =
    view.problem === undefined
      ? nothing
      : html`<div class="banner error" role="alert" data-region>
          <panel-icon name="error"></panel-icon>
          <p>${view.problem}</p>
          ${actionButton({ label: "Show log", intent: { type: "showLog" } })}
        </div>`;
  const names = new Intl.ListFormat("en").format(view.changedEndpoints);
  const warning =
    view.changedEndpoints.length === 0
      ? nothing
      : html`<div class="banner warning" role="note" aria-label="Changed endpoints" data-region>
          <panel-icon name="warning"></panel-icon>
          <p>
            <strong>Not the real service.</strong> Changed in the settings: ${names}.
            ${
              view.endpointsHeldBack
                ? "Your credential isn't sent there unless you allow it."
                : "Whoever runs that service can see your credential."
            }
          </p>
          <div class="buttons">
            ${view.endpointsHeldBack ? actionButton({ label: "Review…", intent: { type: "reviewEndpoints" } }) : nothing}
            ${actionButton({ label: "Open settings", intent: { type: "openEndpointSettings" } })}
          </div>
        </div>`;
  return html`<div class="banners">${problem}${warning}</div>`;
}

/** What is shown may be out of date: the extension sent something newer or older than this panel. */
export function mismatchBanner(): TemplateResult {
  return html`<div class="banner warning" role="alert" data-region>
    <panel-icon name="warning"></panel-icon>
    <p>${mismatchWords}</p>
    ${actionButton({ label: "Show log", intent: { type: "showLog" } })}
  </div>`;
}
