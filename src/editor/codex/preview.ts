import * as vscode from "vscode";
import { previewAuthFile } from "../../codex/authFile/preview.ts";
import { readableByOthersWarning } from "../../codex/authFile/read.ts";
import type { CodexLogin } from "../../codex/login.ts";
import { planName } from "../../shared/planName.ts";

export type ImportChoice = "link" | "copy" | "apiKey";

const labels: Readonly<Record<ImportChoice, string>> = {
  link: "Link",
  copy: "Copy",
  apiKey: "Use Only the API Key",
};

const explanations: Readonly<Record<ImportChoice, string>> = {
  link: "Link: the Codex CLI keeps its login and renews it; this extension follows it.",
  copy: "Copy: both would renew with the same refresh token, which works only once, so sooner or later one of the two is signed out.",
  apiKey: "Use Only the API Key: requests are made with the key and billed to its OpenAI Platform organization.",
};

const nothingUsable = "It holds no refresh token, so it can be linked where the Codex CLI has it, but not copied.";

/**
 * Shows what a login holds, no secret among it, and asks what to do with it. Undefined: the person cancelled.
 * @param replaces the account is signed in here already
 */
export async function confirmImport(login: CodexLogin, replaces: boolean): Promise<ImportChoice | undefined> {
  const choices = choicesFor(login);
  const detail = describeLogin(login, replaces, Date.now());
  const answer = await vscode.window.showInformationMessage(
    "Import this login of the Codex CLI?",
    { modal: true, detail: [detail, ...(choices.length > 0 ? choices.map(explain) : [nothingUsable])].join("\n\n") },
    ...choices.map((choice) => labels[choice]),
  );
  return choices.find((choice) => labels[choice] === answer);
}

function explain(choice: ImportChoice): string {
  return explanations[choice];
}

function choicesFor({ file, link }: CodexLogin): ImportChoice[] {
  return [
    ...(link && file.tokens ? (["link"] as const) : []),
    ...(file.tokens?.refreshToken ? (["copy"] as const) : []),
    ...(file.apiKey ? (["apiKey"] as const) : []),
  ];
}

function describeLogin({ file, link, warnings }: CodexLogin, replaces: boolean, now: number): string {
  const preview = previewAuthFile(file);
  const { parts, apiKey, accessTokenExpiresAt: expiry, lastRefresh } = preview;
  const held = [
    parts.accessToken && "access token",
    parts.idToken && link?.store !== "keyring" && "ID token",
    parts.refreshToken && "refresh token",
    parts.apiKey && `API key ${apiKey}`,
  ].filter((part) => part !== false);
  const lines = [
    preview.email !== undefined && `Account: ${preview.email}`,
    preview.plan !== undefined && `Plan: ${planName(preview.plan)}`,
    preview.accountId !== undefined && `ChatGPT workspace: ${preview.accountId}`,
    `Mode: ${preview.mode === "chatgpt" ? "ChatGPT" : "API key"}`,
    `Holds: ${held.join(", ")}`,
    link?.store === "keyring" && "Kept in: the system's keyring",
    expiry !== undefined && `Access token ${expiry > now ? "expires" : "expired"}: ${timeText(expiry)}`,
    lastRefresh !== undefined && `Last refresh: ${timeText(lastRefresh)}`,
    replaces && "You are signed in with this account already; that sign-in is replaced.",
    warnings.includes("readableByOthers") && readableByOthersWarning,
  ];
  return lines.filter((line) => line !== false).join("\n");
}

function timeText(time: number): string {
  return new Date(time).toLocaleString(vscode.env.language, { dateStyle: "medium", timeStyle: "short" });
}
