import { html, nothing, type TemplateResult } from "lit";
import type { UsageView, UsageWindowView, View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { percent } from "./format.ts";
import { timeText } from "./timeText.ts";
import { usageWindowWords } from "./words.ts";

function windowBlock(window: UsageWindowView, now: number): TemplateResult {
  const { name, resetsAt } = window;
  const used = Math.round(window.usedPercent);
  const words = usageWindowWords[name];
  const reset =
    resetsAt === undefined
      ? nothing
      : html`<p class="detail">${resetsAt > now ? "Starts anew" : "Has started anew"} ${timeText(resetsAt, now)}</p>`;
  return html`<div class="window">
    <div class="row">
      <p class="headline">${words}</p>
      <p>${percent(used)} used · <strong>${percent(100 - used)} left</strong></p>
    </div>
    <meter min="0" max="100" value=${used} aria-label=${`${words}, used`}></meter>
    ${reset}
  </div>`;
}

function known({ windows, limitReached }: UsageView & { status: "known" }, now: number): TemplateResult {
  const reached = limitReached
    ? html`<div class="notice">
        <panel-icon name="warning"></panel-icon>
        <p>The usage limit of your plan is reached.</p>
      </div>`
    : nothing;
  const none = windows.length === 0 ? html`<p>OpenAI tells of no limit for this plan.</p>` : nothing;
  return html`${reached} ${windows.map((window) => windowBlock(window, now))} ${none}`;
}

/** How much of the plan is used and left, and when it starts anew; nothing where there is no plan to ask for. */
export function usageCard({ usage }: View, now: number): TemplateResult | typeof nothing {
  if (usage === undefined) {
    return nothing;
  }
  const again = actionButton({
    label: "Update",
    name: "Update the usage",
    icon: "refresh",
    intent: { type: "readUsage" },
    busy: usage.status === "reading" || (usage.status === "known" && usage.updating),
  });
  return html`<section class="section" aria-labelledby="usage-title" data-region>
    <h2 id="usage-title">Usage of your ChatGPT plan</h2>
    <div class="card">
      <div class="block">
        ${
          usage.status === "known"
            ? known(usage, now)
            : html`<p>${usage.status === "reading" ? "Asking for it…" : usage.why}</p>`
        }
        <div class="buttons">${again}</div>
      </div>
    </div>
  </section>`;
}
