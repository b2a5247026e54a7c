import "@vscode-elements/elements/dist/vscode-button/index.js";

import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { Intent } from "../../src/shared/panelProtocol.ts";
import { post } from "./host.ts";
import type { IconName } from "./panelIcon.ts";

export interface ActionButton {
  readonly label: string;
  readonly intent: Intent;
  /** The accessible name, where the label alone doesn't say what it acts on. Contains the words of the label. */
  readonly name?: string;
  readonly primary?: boolean;
  readonly icon?: IconName;
  readonly iconAfter?: IconName;
  /** The action is under way: it is shown, and can't be started again. */
  readonly busy?: boolean;
  /** Can't be used now. */
  readonly blocked?: boolean;
}

/**
 * A button that posts an intent. A busy or blocked one has `aria-disabled`, because `disabled` would take the focus away
 * from the person who has just pressed it.
 */
export function actionButton(button: ActionButton): TemplateResult {
  const off = button.busy === true || button.blocked === true;
  const icon = button.busy === true ? "loading" : button.icon;
  const before = icon === undefined ? nothing : html`<panel-icon slot="content-before" name=${icon}></panel-icon>`;
  const after =
    button.iconAfter === undefined
      ? nothing
      : html`<panel-icon slot="content-after" name=${button.iconAfter}></panel-icon>`;
  return html`<vscode-button
    tabindex="0"
    ?secondary=${button.primary !== true}
    aria-disabled=${off ? "true" : nothing}
    aria-busy=${button.busy === true ? "true" : nothing}
    aria-label=${button.name ?? nothing}
    @click=${() => {
      if (!off) {
        post(button.intent);
      }
    }}
    >${before}${button.label}${after}</vscode-button
  >`;
}

/** Opens the log, beside a message about a failure. */
export function logButton(): TemplateResult {
  return actionButton({ label: l10n.t("Show log"), intent: { type: "showLog" } });
}
