import type * as vscode from "vscode";
import { ownKeyLabel } from "./accountLabels.ts";
import type { Known } from "./knownAccounts.ts";

/** The id under which VS Code knows the authentication provider. */
export const providerId = "chatgpt";
/** What a session can be asked for, as other extensions write it in `getSession`. */
export const scopesOf = { identity: [], apiKey: ["openai.api-key"], chatgpt: ["chatgpt"] } as const;
export type Wanted = keyof typeof scopesOf;

/** What the ids of API keys begin with that the person typed. No ChatGPT account's id does. */
const ownKeyId = "ownKey";

/**
 * The session account of the API key that the person typed, which belongs to no ChatGPT account. Its label is the same in
 * every language: VS Code files consents under it. Another key than the first has another label, and another id.
 */
export function ownKeyAccount({ ownKeyLabel: label = ownKeyLabel }: Pick<Known, "ownKeyLabel">): SessionAccount {
  return { id: ownKeyId + label.slice(ownKeyLabel.length), label };
}

/** Whether the id of a session account is that of an API key that the person typed. */
export function isOwnKey(id: string): boolean {
  return id.startsWith(ownKeyId);
}

/**
 * VS Code's session account with what identifies a ChatGPT account; VS Code passes the additions on, so only a session
 * that the person has let an extension have may have them.
 */
export interface SessionAccount extends vscode.AuthenticationSessionAccountInformation {
  readonly plan?: string;
  /** The ChatGPT workspace (`chatgpt_account_id`). */
  readonly chatgptAccountId?: string;
}

export interface Session extends vscode.AuthenticationSession {
  readonly account: SessionAccount;
}

/** What scopes ask for: no scopes for who is signed in and no token, else exactly one; anything else is nothing of ours. */
export function wantedBy(scopes: readonly string[] | undefined): Wanted | undefined {
  if (scopes === undefined || scopes.length === 0) return "identity";
  if (scopes.length > 1) return undefined;
  return scopes[0] === scopesOf.apiKey[0] ? "apiKey" : scopes[0] === scopesOf.chatgpt[0] ? "chatgpt" : undefined;
}

/** A session: the same id for the same account and scopes, whatever the token. */
export function sessionOf(account: SessionAccount, wanted: Wanted, accessToken: string): Session {
  const scopes = [...scopesOf[wanted]];
  return { id: [account.id, ...scopes].join("/"), accessToken, account, scopes };
}

/** The account that a session's id names. */
export function accountIdOfSession(sessionId: string): string {
  return sessionId.split("/")[0] ?? "";
}

/** Whose sessions there can be, the active account first; the own key only where requests use it. */
export function sessionAccounts(known: Known, usesOwnKey: boolean): SessionAccount[] {
  const accounts = [...known.accounts].sort((one, other) => rank(one.id) - rank(other.id));
  function rank(id: string): number {
    return id === known.active ? 0 : 1;
  }
  return [
    ...(known.ownKey && usesOwnKey ? [ownKeyAccount(known)] : []),
    ...accounts.map(({ id, label, plan, chatgptAccountId }) => ({
      id,
      label,
      ...(plan !== undefined && { plan }),
      ...(chatgptAccountId !== undefined && { chatgptAccountId }),
    })),
  ];
}

/**
 * An account as the Accounts menu needs it. VS Code tells the accounts of what it gets without scopes to every extension
 * that calls `vscode.authentication.getAccounts`, without asking the person, so nothing else is in it.
 */
export function menuAccount({ id, label }: SessionAccount): SessionAccount {
  return { id, label };
}

/** One session for each account without any token: what the Accounts menu lists. */
export function identitySessions(known: Known, usesOwnKey: boolean): Session[] {
  return sessionAccounts(known, usesOwnKey).map((account) => sessionOf(menuAccount(account), "identity", ""));
}
