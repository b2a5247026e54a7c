import "@vscode-elements/elements/dist/vscode-badge/index.js";

import { html, nothing, type TemplateResult } from "lit";
import type { AccountView, View } from "../../src/shared/panelProtocol.ts";
import { planName } from "../../src/shared/planName.ts";
import { actionButton } from "./actionButton.ts";
import { timeText } from "./timeText.ts";
import { absenceWords } from "./words.ts";

/** Who is signed in: the email address and the plan. */
export function accountHeading(account: AccountView): TemplateResult {
  const plan =
    account.plan === undefined
      ? nothing
      : html`<vscode-badge><span class="visually-hidden">Plan: </span>${planName(account.plan)}</vscode-badge>`;
  return html`<div class="who">
    <p class="headline">${account.email ?? "ChatGPT account"}</p>
    ${plan}
  </div>`;
}

function detail(term: string, content: unknown): TemplateResult {
  return html`<div class="fact"><dt>${term}</dt><dd>${content}</dd></div>`;
}

function derivedKey(account: AccountView, now: number, busy: View["busy"], live: boolean): TemplateResult {
  const key = account.derivedKey;
  const setUp = actionButton({
    label: "Set up on platform.openai.com",
    iconAfter: "linkExternal",
    intent: { type: "openPlatform" },
  });
  const billing = html`<p class="detail">
    Use of this key is billed to the OpenAI Platform organization, not to the ChatGPT plan.
  </p>`;
  if (key.status === "present") {
    const unfinished =
      account.needsPlatformSetup && live
        ? html`<p>The OpenAI Platform organization still waits for its set-up.</p>
            <div class="buttons">${setUp}</div>`
        : nothing;
    return html`<p><span class="mono">${key.masked}</span> <span class="made">made ${timeText(key.createdAt, now)}</span></p>
      ${billing}${unfinished}`;
  }
  if (key.why === "pending") {
    return html`<p>${absenceWords.pending}</p>`;
  }
  const retry = actionButton({
    label: busy === "derivedKey" ? "Trying…" : "Retry",
    name: busy === "derivedKey" ? "Trying…" : "Retry making the account API key",
    intent: { type: "retryDerivedKey" },
    busy: busy === "derivedKey",
  });
  return html`<p>${absenceWords[key.why]}</p>
    ${
      live
        ? html`<div class="buttons">
          ${key.why === "noOrganization" || account.needsPlatformSetup ? setUp : nothing}${retry}
        </div>`
        : nothing
    }
    ${billing}`;
}

/**
 * What is known of an account, as terms and values.
 *
 * @param live whether the account's credential is still good, so that its buttons make sense
 */
export function accountDetails(account: AccountView, now: number, busy: View["busy"], live: boolean): TemplateResult {
  const { accountId, accessTokenExpiresAt: expiry, lastRefreshAt } = account;
  return html`<dl class="facts">
    ${accountId === undefined ? nothing : detail("Account ID", html`<span class="mono">${accountId}</span>`)}
    ${
      expiry === undefined
        ? nothing
        : detail(expiry > now ? "Access token expires" : "Access token expired", timeText(expiry, now))
    }
    ${lastRefreshAt === undefined ? nothing : detail("Last refresh", timeText(lastRefreshAt, now))}
    ${detail("Account API key", derivedKey(account, now, busy, live))}
  </dl>`;
}
