import * as l10n from "@vscode/l10n";
import { previewAuthFile } from "../../codex/authFile/preview.ts";
import type { CodexLogin } from "../../codex/login.ts";
import { planName } from "../../shared/planName.ts";
import { choose } from "../vscode/confirm.ts";
import { languageOfTexts } from "../vscode/language.ts";

export type ImportChoice = "link" | "copy" | "apiKey";

/** The button of each choice, and what choosing it means. */
const choices: Readonly<Record<ImportChoice, { label: () => string; explanation: () => string }>> = {
  link: {
    label: () => l10n.t("Link"),
    explanation: () =>
      l10n.t("Link: The Codex CLI keeps its login and refreshes it. This extension uses the same login."),
  },
  copy: {
    label: () => l10n.t("Copy"),
    explanation: () =>
      l10n.t(
        "Copy: Both use the same refresh token, which works only once, so sooner or later one of them is signed out.",
      ),
  },
  apiKey: {
    label: () => l10n.t("Use Only the API Key"),
    explanation: () =>
      l10n.t("Use Only the API Key: Requests are made with the key and billed to its OpenAI Platform organization."),
  },
};

/** What an import would replace. */
interface Replaced {
  /** The account is signed in here already. */
  readonly account: boolean;
  /** Which saved API key the login's would replace, in a sentence. */
  readonly key: string | undefined;
}

/**
 * Shows what a login contains, without any secret, and asks what to do with it. Undefined: the person cancelled.
 */
export async function confirmImport(login: CodexLogin, replaced: Replaced): Promise<ImportChoice | undefined> {
  const offered = choicesFor(login);
  const explanations =
    offered.length > 0
      ? offered.map((choice) => {
          const explanation = choices[choice].explanation();
          return choice === "apiKey" && replaced.key !== undefined ? `${explanation} ${replaced.key}` : explanation;
        })
      : [
          l10n.t(
            "It contains nothing to import. Without a refresh token it can't be copied, and it can be linked only where the Codex CLI keeps it.",
          ),
        ];
  const answer = await choose(
    {
      question: l10n.t("Import this Codex CLI login?"),
      detail: [describeLogin(login, replaced.account, Date.now()), ...explanations].join("\n\n"),
      no: l10n.t("Don't Import"),
    },
    offered.map((choice) => choices[choice].label()),
  );
  return offered.find((choice) => choices[choice].label() === answer);
}

function choicesFor({ file, link }: CodexLogin): ImportChoice[] {
  return [
    ...(link && file.tokens ? (["link"] as const) : []),
    ...(file.tokens?.refreshToken ? (["copy"] as const) : []),
    ...(file.apiKey ? (["apiKey"] as const) : []),
  ];
}

function describeLogin(login: CodexLogin, replaces: boolean, now: number): string {
  const { email, plan, workspaceId, mode, accessTokenExpiresAt: expiry, lastRefresh } = previewAuthFile(login.file);
  const lines = [
    email !== undefined && l10n.t("Account: {email}", { email }),
    plan !== undefined && l10n.t("Plan: {plan}", { plan: planName(plan) }),
    workspaceId !== undefined && l10n.t("ChatGPT workspace: {workspaceId}", { workspaceId }),
    mode === "chatgpt" ? l10n.t("Mode: ChatGPT") : l10n.t("Mode: API key"),
    l10n.t("Contains: {parts}", { parts: partsOf(login) }),
    login.link?.store === "keyring" && l10n.t("Stored in: the system's keyring"),
    expiry !== undefined && describeExpiry(expiry, now),
    lastRefresh !== undefined && l10n.t("Last refresh: {time}", { time: timeText(lastRefresh) }),
    replaces && l10n.t("You're already signed in with this account. Linking or copying replaces that sign-in."),
    login.warnings.includes("readableByOthers") &&
      l10n.t("Other users of this computer may be able to read this file. Restrict it with “chmod 600”."),
  ];
  return lines.filter((line) => line !== false).join("\n");
}

function partsOf({ file, link }: CodexLogin): string {
  const { parts, apiKey } = previewAuthFile(file);
  const names = [
    parts.accessToken && l10n.t("access token"),
    parts.idToken && link?.store !== "keyring" && l10n.t("ID token"),
    parts.refreshToken && l10n.t("refresh token"),
    apiKey !== undefined && l10n.t("API key {apiKey}", { apiKey }),
  ];
  const list = new Intl.ListFormat(languageOfTexts(), { type: "unit" });
  return list.format(names.filter((name) => name !== false));
}

function describeExpiry(expiry: number, now: number): string {
  const time = timeText(expiry);
  return expiry > now
    ? l10n.t("Access token expires: {time}", { time })
    : l10n.t("Access token expired: {time}", { time });
}

function timeText(time: number): string {
  return new Date(time).toLocaleString(languageOfTexts(), { dateStyle: "medium", timeStyle: "short" });
}
