import { html, type TemplateResult } from "lit";
import { frameWords } from "../../src/shared/words/panelFrame.ts";
import { logButton } from "./actionButton.ts";
import { lateWords } from "./words.ts";

/** What is shown until the first view has come. */
export function loading(late: boolean): TemplateResult {
  if (!late) return html`<div class="loading"><p>${frameWords.loading()}</p></div>`;
  return html`<div class="loading" data-region>
    <p>${lateWords()}</p>
    <p class="detail">${frameWords.reload()}</p>
    <div class="buttons">${logButton()}</div>
  </div>`;
}
