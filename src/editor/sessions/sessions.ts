import type * as vscode from "vscode";
import type { Accounts } from "../../account/accounts.ts";
import { isPending } from "../../account/credential.ts";
import type { CredentialSource } from "../../account/credentialSource.ts";
import { ownKeyBinding } from "../../account/endpoints.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import { mayBeSignedIn } from "../../account/state.ts";
import type { WorkspacePolicy } from "../../account/workspacePolicy.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import { Problem } from "../../shared/problem.ts";
import type { KeyChoice } from "../apiKey/keyChoice.ts";
import type { Known, KnownAccounts } from "./knownAccounts.ts";
import {
  accountIdOfSession,
  identitySessions,
  isOwnKey,
  menuAccount,
  ownKeyAccount,
  type Session,
  type SessionAccount,
  sessionAccounts,
  sessionOf,
  type Wanted,
  wantedBy,
} from "./sessionScopes.ts";

export type SessionsChange = vscode.AuthenticationProviderAuthenticationSessionsChangeEvent;

export interface SessionsDependencies {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  source: CredentialSource;
  policy: WorkspacePolicy;
  known: KnownAccounts;
  authMode: () => AuthMode;
  onDidChangeSettings: (listener: () => void) => Disposable;
  clock: Clock;
  log: Logger;
  /** Tells VS Code. */
  changed: (change: SessionsChange) => void;
  /** Lets the person sign in, and tells the account. @throws Problem when they do not */
  signIn: (options: { chooseAccount: boolean }) => Promise<{ readonly id: string }>;
  signOut: (id: string) => Promise<void>;
  /** Removes this API key; one that has replaced it stays. */
  removeOwnKey: (key: string) => Promise<void>;
  setOwnKey: () => Promise<void>;
  useChatgpt: () => Promise<void>;
  /** Asks how to get an API key; undefined when the person closes the question. */
  askKeyChoice: (accountLabel: string | undefined) => PromiseLike<KeyChoice | undefined>;
}

/** A key is made within seconds of the sign-in, or not at all; ms. */
const keyPatienceMs = 30_000;

/**
 * VS Code's sessions: what other extensions get when the person lets them. They are made from the accounts when they
 * are asked for; VS Code alone keeps who may have which.
 */
export class Sessions implements Disposable {
  readonly #dependencies: SessionsDependencies;
  readonly #subscriptions: readonly Disposable[];
  #told: ReadonlyMap<string, Session>;

  /** @param dependencies with the accounts and the own key loaded */
  constructor(dependencies: SessionsDependencies) {
    this.#dependencies = dependencies;
    const before = dependencies.known.current;
    const menu = before ? identitySessions(before, dependencies.authMode() === "apiKey") : [];
    // What the Accounts menu got from memory may be out of date; nobody has got a token yet.
    this.#told = byId([...menu, ...this.#local(this.#known()).filter(({ scopes }) => scopes.length > 0)]);
    this.#tell();
    const tell = () => this.#tell();
    this.#subscriptions = [
      dependencies.accounts.onDidChange(tell),
      dependencies.ownKey.onDidChange(tell),
      dependencies.onDidChangeSettings(tell),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /**
   * The sessions that scopes ask for, of all accounts or one. Answered from memory, with one exception: a ChatGPT access
   * token that is due is refreshed first, because a session must not hold one that is about to end. An account whose
   * token cannot be had, or that may not be used, is left out; the Accounts menu lists it all the same.
   * @throws Problem `keyringFailed`, `keyringSilent` where no account can be read: that does not mean signed out
   */
  async get(scopes: readonly string[] | undefined, accountId?: string): Promise<Session[]> {
    const wanted = wantedBy(scopes);
    if (!wanted) return [];
    const { accounts: stored, authMode } = this.#dependencies;
    const needsAccount = wanted === "chatgpt" || (wanted === "apiKey" && authMode() === "chatgpt");
    if (needsAccount && stored.state.unread) await stored.load();
    const accounts = this.#sessionAccounts(this.#known()).filter(
      (account) => (accountId === undefined || account.id === accountId) && (!scopes || this.#mayBeUsed(account)),
    );
    const sessions = await Promise.all(
      accounts.map(async (account) => {
        const token = wanted === "chatgpt" ? await this.#freshToken(account) : this.#localToken(account, wanted);
        // Without scopes VS Code asks for itself; with an empty list, for an extension that the person has let.
        return token === undefined ? [] : [sessionOf(scopes ? account : menuAccount(account), wanted, token)];
      }),
    );
    return sessions.flat();
  }

  /**
   * Makes a session where there is none: the person signs in, or sets an API key where requests use one.
   * @throws Problem
   */
  async create(scopes: readonly string[], accountId?: string): Promise<Session> {
    const wanted = wantedBy(scopes);
    if (!wanted) throw new Problem("unknownScopes");
    const id = wanted === "apiKey" ? await this.#obtainKey(accountId) : await this.#signIn(accountId);
    const [session] = await this.get(scopes, id);
    const entry = this.#dependencies.accounts.entry(id);
    if (!session && entry) this.#dependencies.policy.assertAllowed(entry.account);
    if (!session) throw new Problem(wanted === "apiKey" ? "noDerivedKey" : "needsSignIn");
    return session;
  }

  /** The API key that requests use: of the auth mode and, in ChatGPT mode, of the active account. */
  get apiKey(): string | undefined {
    if (this.#dependencies.authMode() === "apiKey") return this.#dependencies.ownKey.current?.key;
    const { active } = this.#dependencies.accounts.state;
    return active && this.#localToken(active, "apiKey");
  }

  /** Signs the session's account out, or removes its key. */
  async remove(sessionId: string): Promise<void> {
    const id = accountIdOfSession(sessionId);
    const { accounts, ownKey, signOut, removeOwnKey } = this.#dependencies;
    if (!isOwnKey(id)) {
      if (mayBeSignedIn(accounts.state, id)) await signOut(id);
      return;
    }
    const { current } = ownKey;
    // The person may have set another key since VS Code asked about this one.
    if (current && id === ownKeyAccount(this.#known()).id) await removeOwnKey(current.key);
  }

  async #obtainKey(accountId: string | undefined): Promise<string> {
    const { authMode, ownKey } = this.#dependencies;
    if (authMode() === "apiKey") {
      const usable = this.#hasUsableKey(accountId) ? accountId : undefined;
      const label = this.#known().accounts.find(({ id }) => id === usable)?.label;
      const choice = await this.#dependencies.askKeyChoice(label);
      if (choice === undefined) throw new Problem("cancelled");
      if (choice === "ownKey") {
        await this.#dependencies.setOwnKey();
        if (!ownKey.current) throw new Problem("noApiKey");
        return ownKeyAccount(this.#known()).id;
      }
      if (choice === "useAccount" && usable !== undefined) {
        await this.#dependencies.useChatgpt();
        return usable;
      }
    }
    const id = await this.#signIn(accountId);
    await this.#keyIsDecided(id);
    return id;
  }

  #hasUsableKey(accountId: string | undefined): boolean {
    const { accounts, policy } = this.#dependencies;
    const entry = accountId === undefined ? undefined : accounts.entry(accountId);
    return entry?.credential.derivedKey.status === "present" && policy.isAllowed(entry.account);
  }

  async #signIn(accountId: string | undefined): Promise<string> {
    const { accounts, signIn } = this.#dependencies;
    // No account is asked for, and somebody is signed in already: they want another account.
    const chooseAccount = accountId === undefined && accounts.state.accounts.length > 0;
    // Another account may be the active one by now.
    return (await signIn({ chooseAccount })).id;
  }

  /** Resolves when the account has its derived key, or it is known why not. */
  async #keyIsDecided(id: string): Promise<void> {
    const { accounts, clock } = this.#dependencies;
    const isUndecided = () => {
      const entry = accounts.entry(id);
      return entry !== undefined && isPending(entry.credential.derivedKey);
    };
    if (!isUndecided()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = clock.after(keyPatienceMs, resolve);
    const subscription = accounts.onDidChange(() => {
      if (!isUndecided()) resolve();
    });
    await promise;
    subscription.dispose();
    limit.dispose();
  }

  async #freshToken(account: SessionAccount): Promise<string | undefined> {
    if (this.#localToken(account, "chatgpt") === undefined) return undefined;
    try {
      return (await this.#dependencies.source.accessToken(account.id)).bearer;
    } catch (error) {
      this.#dependencies.log.info(`A session was not handed out: ${describeError(error)}`);
      return undefined;
    }
  }

  /** What the account has now, fresh or not. */
  #localToken({ id }: { readonly id: string }, wanted: Wanted): string | undefined {
    if (wanted === "identity") return "";
    if (wanted === "apiKey" && this.#dependencies.authMode() === "apiKey") {
      return isOwnKey(id) ? this.#dependencies.ownKey.current?.key : undefined;
    }
    const entry = isOwnKey(id) ? undefined : this.#dependencies.accounts.entry(id);
    if (!entry || !this.#dependencies.policy.isAllowed(entry.account)) return undefined;
    const { derivedKey, rejected, tokens } = entry.credential;
    if (wanted === "apiKey") return derivedKey.status === "present" ? derivedKey.key : undefined;
    return rejected ? undefined : tokens.accessToken;
  }

  /** An API key is of no ChatGPT workspace. */
  #mayBeUsed({ id, chatgptAccountId }: SessionAccount): boolean {
    return isOwnKey(id) || this.#dependencies.policy.isAllowed({ workspaceId: chatgptAccountId });
  }

  #known(): Known {
    const { known, accounts, ownKey } = this.#dependencies;
    const key = ownKey.current;
    return known.update(accounts.state, key && ownKeyBinding(key.key).name);
  }

  #sessionAccounts(known: Known): SessionAccount[] {
    return sessionAccounts(known, this.#dependencies.authMode() === "apiKey");
  }

  /** Every session there is now. */
  #local(known: Known): Session[] {
    return this.#sessionAccounts(known).flatMap((account) =>
      (["identity", "chatgpt", "apiKey"] as const).flatMap((wanted) => {
        const token = this.#localToken(account, wanted);
        const shown = wanted === "identity" ? menuAccount(account) : account;
        return token === undefined ? [] : [sessionOf(shown, wanted, token)];
      }),
    );
  }

  /** Tells VS Code how the sessions differ from the last time. */
  #tell(): void {
    const before = this.#told;
    const now = byId(this.#local(this.#known()));
    this.#told = now;
    const added = [...now.values()].filter(({ id }) => !before.has(id));
    // The Accounts menu finds an account again by its label only: one of another key has another.
    const removed = [...before.values()].filter(({ id, account }) => now.get(id)?.account.label !== account.label);
    const changed = [...now.values()].filter((session) => {
      const known = before.get(session.id);
      return known !== undefined && JSON.stringify(known) !== JSON.stringify(session);
    });
    // The Accounts menu drops an account with any of its sessions, and takes it up again with one that changed.
    for (const { account } of removed) {
      const rest = now.get(account.id);
      if (rest && !changed.includes(rest) && !added.includes(rest)) changed.push(rest);
    }
    if (added.length + removed.length + changed.length > 0) this.#dependencies.changed({ added, removed, changed });
  }
}

function byId(sessions: readonly Session[]): ReadonlyMap<string, Session> {
  return new Map(sessions.map((session) => [session.id, session]));
}
