import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { UsageView, UsageWindowView, View } from "../../src/shared/panelProtocol.ts";
import { actionButton } from "./actionButton.ts";
import { percent } from "./format.ts";
import { locale } from "./language.ts";
import { sentence } from "./sentence.ts";
import { timeText } from "./timeText.ts";
import { usageWindowWords } from "./words.ts";

type KnownUsage = UsageView & { status: "known" };

function resetText(resetsAt: number, now: number): TemplateResult {
  const time = timeText(resetsAt, now);
  const text =
    resetsAt > now ? sentence(l10n.t("Resets {time}"), { time }) : sentence(l10n.t("Reset {time}"), { time });
  return html`<p class="detail">${text}</p>`;
}

function windowBlock({ name, usedPercent, resetsAt }: UsageWindowView, now: number): TemplateResult {
  const share = Math.round(usedPercent);
  const used = percent(share, locale);
  const left = html`<strong>${percent(100 - share, locale)}</strong>`;
  const title = usageWindowWords[name]();
  return html`<div class="window">
    <div class="row">
      <p class="headline">${title}</p>
      <p>${sentence(l10n.t("{used} used · {left} left"), { used, left })}</p>
    </div>
    <meter
      min="0"
      max="100"
      value=${share}
      aria-label=${title}
      aria-valuetext=${l10n.t("{used} used", { used })}
    ></meter>
    ${resetsAt === undefined ? nothing : resetText(resetsAt, now)}
  </div>`;
}

function knownUsage({ windows, limitReached }: KnownUsage, now: number): TemplateResult {
  const reached = limitReached
    ? html`<div class="notice">
        <panel-icon name="warning"></panel-icon>
        <p>${l10n.t("You've reached the usage limit of your plan.")}</p>
      </div>`
    : nothing;
  const none = windows.length === 0 ? html`<p>${l10n.t("OpenAI reports no limits for this plan.")}</p>` : nothing;
  return html`${reached} ${windows.map((window) => windowBlock(window, now))} ${none}`;
}

function content(usage: UsageView, now: number): TemplateResult {
  switch (usage.status) {
    case "known":
      return knownUsage(usage, now);
    case "reading":
      return html`<p>${l10n.t("Loading…")}</p>`;
    case "unavailable":
      return html`<p>${usage.why}</p>`;
  }
}

/** How much of the plan is used and left, and when it resets; nothing where there is no plan to ask about. */
export function usageCard({ usage }: View, now: number): TemplateResult | typeof nothing {
  if (usage === undefined) return nothing;
  const refresh = actionButton({
    label: l10n.t("Refresh usage"),
    icon: "refresh",
    intent: { type: "readUsage" },
    busy: usage.status === "reading" || (usage.status === "known" && usage.updating),
  });
  return html`<section class="section" aria-labelledby="usage-title" data-region>
    <h2 id="usage-title">${l10n.t("Usage of your ChatGPT plan")}</h2>
    <div class="card">
      <div class="block">
        ${content(usage, now)}
        <div class="buttons">${refresh}</div>
      </div>
    </div>
  </section>`;
}
