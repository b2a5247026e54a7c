import "@vscode-elements/elements/dist/vscode-badge/index.js";

import * as l10n from "@vscode/l10n";
import { html, nothing, type TemplateResult } from "lit";
import type { AccountView, View } from "../../src/shared/panelProtocol.ts";
import { planName } from "../../src/shared/planName.ts";
import { actionButton } from "./actionButton.ts";
import { isBusy } from "./busy.ts";
import { sentence } from "./sentence.ts";
import { timeText } from "./timeText.ts";
import { absenceWords } from "./words.ts";

/** What is around an account's details. */
interface Surroundings {
  readonly view: View;
  readonly now: number;
  /** Whether the account's credential is still good, so that its buttons make sense. */
  readonly live: boolean;
}

/** The name of a plan, which a screen reader announces as one. */
export function planBadge(plan: string | undefined): TemplateResult | typeof nothing {
  if (plan === undefined) return nothing;
  return html`<vscode-badge><span class="visually-hidden">${l10n.t("Plan:")} </span>${planName(plan)}</vscode-badge>`;
}

/** Who is signed in: the email address and the plan. */
export function accountHeading({ email, plan }: AccountView): TemplateResult {
  return html`<div class="who">
    <p class="headline">${email ?? l10n.t("ChatGPT account")}</p>
    ${planBadge(plan)}
  </div>`;
}

function detail(term: string, content: unknown): TemplateResult {
  return html`<div class="fact"><dt>${term}</dt><dd>${content}</dd></div>`;
}

function setUpButton(): TemplateResult {
  return actionButton({
    label: l10n.t("Set up on platform.openai.com"),
    iconAfter: "linkExternal",
    intent: { type: "openPlatform" },
  });
}

function createKeyButton(view: View, hasKey: boolean): TemplateResult {
  const busy = isBusy(view, "derivedKey");
  const label = hasKey ? l10n.t("Create a new key") : l10n.t("Retry");
  const name = hasKey ? l10n.t("Create a new account API key") : l10n.t("Retry creating the account API key");
  return actionButton({
    label: busy ? l10n.t("Creating…") : label,
    name: busy ? l10n.t("Creating…") : name,
    intent: { type: "retryDerivedKey" },
    busy,
  });
}

function derivedKey(account: AccountView, { view, now, live }: Surroundings): TemplateResult {
  const key = account.derivedKey;
  const billing = html`<p class="detail">
    ${l10n.t("Usage of the account API key is billed to an OpenAI Platform organization, not to your ChatGPT plan.")}
  </p>`;
  if (key.status === "present") {
    const unfinished = live && account.needsPlatformSetup;
    const notSetUp = html`<p>${l10n.t("The OpenAI Platform organization isn't set up yet.")}</p>`;
    const buttons = html`<div class="buttons">
      ${unfinished ? setUpButton() : nothing}${createKeyButton(view, true)}
    </div>`;
    const created = sentence(l10n.t("Created {time}"), { time: timeText(key.createdAt, now) });
    return html`<p><span class="mono">${key.masked}</span> <span class="created">${created}</span></p>
      ${billing}${unfinished ? notSetUp : nothing}${live ? buttons : nothing}`;
  }
  const absence = html`<p>${absenceWords[key.why]()}</p>`;
  if (key.why === "pending") return absence;
  const setUp = key.why === "noOrganization" || account.needsPlatformSetup ? setUpButton() : nothing;
  const buttons = live ? html`<div class="buttons">${setUp}${createKeyButton(view, false)}</div>` : nothing;
  return html`${absence} ${buttons} ${billing}`;
}

/** What is known about an account, as terms and values. */
export function accountDetails(account: AccountView, surroundings: Surroundings): TemplateResult {
  const { workspaceId, accessTokenExpiresAt: expiry, signedInAt, lastRefreshAt } = account;
  const { now } = surroundings;
  return html`<dl class="facts">
    ${workspaceId === undefined ? nothing : detail(l10n.t("ChatGPT workspace"), html`<span class="mono">${workspaceId}</span>`)}
    ${
      expiry === undefined
        ? nothing
        : detail(expiry > now ? l10n.t("Access token expires") : l10n.t("Access token expired"), timeText(expiry, now))
    }
    ${signedInAt === undefined ? nothing : detail(l10n.t("Signed in"), timeText(signedInAt, now))}
    ${lastRefreshAt === undefined ? nothing : detail(l10n.t("Last refresh"), timeText(lastRefreshAt, now))}
    ${detail(l10n.t("Account API key"), derivedKey(account, surroundings))}
  </dl>`;
}
