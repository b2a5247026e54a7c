import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Accounts } from "../account/accounts.ts";
import type { CredentialSource } from "../account/credentialSource.ts";
import type { Ending } from "../account/endedAccounts.ts";
import type { EndpointPermissions } from "../account/endpointPermissions.ts";
import { accountBinding } from "../account/endpoints.ts";
import type { KeyDeriver } from "../account/followUp/derivedKey.ts";
import { settleMs } from "../account/freshness.ts";
import type { Refresher } from "../account/refresher.ts";
import type { SignOut } from "../account/signOut.ts";
import { type AccountsState, type Entry, mayBeSignedIn } from "../account/state.ts";
import type { WorkspacePolicy } from "../account/workspacePolicy.ts";
import { platformUrl } from "../oauth/issuer.ts";
import type { Clock } from "../platform/clock.ts";
import { SharedWork } from "../platform/sharedWork.ts";
import { commandOf } from "../shared/actionIds.ts";
import { Problem } from "../shared/problem.ts";
import type { KnownAccounts } from "./sessions/knownAccounts.ts";
import { switchAuthMode } from "./signIn/authModeSwitch.ts";
import { confirmSignOut } from "./signIn/signOutQuestion.ts";
import { isAnythingLeft, signOutSentence } from "./signIn/signOutReport.ts";
import type { Notifications } from "./vscode/notifications.ts";
import { settings } from "./vscode/settings.ts";

export interface AccountActionsDependencies {
  accounts: Accounts;
  source: CredentialSource;
  refresher: Refresher;
  deriver: KeyDeriver;
  policy: WorkspacePolicy;
  endpoints: EndpointPermissions;
  notifications: Notifications;
  clock: Clock;
  signOut: SignOut;
  /** Has what the accounts are called. */
  known: KnownAccounts;
  /** Finds out whose an account's login is, if a hand-off to the Codex CLI is not settled; never rejects. */
  endHandOff: (id: string) => Promise<void>;
}

/** What a person does with an account that is signed in. */
export class AccountActions {
  readonly #dependencies: AccountActionsDependencies;
  /** Questions that are open, each once however many ask. */
  readonly #questions = new SharedWork<boolean>();
  /** What is asked for several times at once is done once. */
  readonly #running = new SharedWork<void>();
  /** When an account's sign-in was last refreshed here, by `Clock.elapsed`. */
  readonly #refreshed = new Map<string, { at: number; signedInAt: number }>();

  constructor(dependencies: AccountActionsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Makes an account the active one. @throws Problem */
  async use(id: string): Promise<void> {
    const { accounts, policy } = this.#dependencies;
    const entry = accounts.entry(id);
    if (entry) policy.assertAllowed(entry.account);
    await accounts.setActive(id);
  }

  /**
   * Signs an account out, the active one unless told; the others stay. Asks the person first. One that has been signed
   * out by the time they answer is no problem.
   * @param options `isConfirmed` if VS Code has asked the person that
   * @throws Problem; then it is still signed in
   */
  async signOut(accountId?: string, { isConfirmed = false } = {}): Promise<void> {
    const { accounts, signOut, endpoints, notifications } = this.#dependencies;
    const id = accountId ?? (await this.#activeId());
    if (id === undefined || !mayBeSignedIn(accounts.state, id)) throw new Problem("notSignedIn");
    if (!isConfirmed && !(await this.#questions.run(id, () => this.#mayEnd(id)))) return;
    const { authMode } = settings;
    const ending = await accounts.tellTogether(() => this.#remove(id));
    if (!ending) return;
    const { accounts: left, unread } = accounts.state;
    const issuer = ending.credential?.issuer;
    // What was allowed goes with the last account that it was allowed for, before a next one is allowed anything.
    if (issuer !== undefined && !left.some((account) => account.issuer === issuer)) {
      endpoints.forget(accountBinding(issuer));
    }
    const outcome = await signOut.finish(ending);
    const ownKeyFollows = authMode === "chatgpt" && settings.authMode === "apiKey" && this.#hasOwnKey;
    const after = { isLast: left.length === 0 && !unread, ownKeyFollows };
    const sentence = signOutSentence(ending.credential, after, outcome);
    if (isAnythingLeft(outcome)) notifications.warningWithLog(sentence);
    // VS Code shows all of a message that has a button, and one line of another.
    else notifications.info(sentence, ownKeyFollows ? openSettings() : {});
  }

  /** Reads again who is signed in, where that could not be read. @throws Problem `keyringFailed`, `keyringSilent` */
  async read(): Promise<void> {
    await this.#dependencies.accounts.load();
  }

  /**
   * Refreshes the active account's tokens, and asks for a derived key where there is none, once for all who ask now. Does
   * nothing for tokens that were refreshed just before: any extension may ask again and again.
   * @throws Problem
   */
  refresh(): Promise<void> {
    return this.#running.run("refresh", () => this.#refresh());
  }

  async #refresh(): Promise<void> {
    const { accounts, refresher, deriver, notifications, clock } = this.#dependencies;
    await accounts.load();
    const entry = accounts.entry();
    if (!entry) throw new Problem("notSignedIn");
    if (this.#isSettling(entry)) {
      notifications.info(l10n.t("ChatGPT credentials were refreshed less than a minute ago."));
      return;
    }
    const refreshed = await refresher.refresh(entry.credential);
    const { id, signedInAt } = refreshed.account;
    this.#refreshed.set(id, { at: clock.elapsed(), signedInAt });
    if (refreshed.credential.derivedKey.status === "absent") await deriver.derive(refreshed);
    notifications.info(l10n.t("ChatGPT credentials refreshed."));
  }

  /** Whether an account's tokens were refreshed just before and are still good. */
  #isSettling(entry: Entry): boolean {
    const { source, clock } = this.#dependencies;
    const last = this.#refreshed.get(entry.account.id);
    if (last?.signedInAt !== entry.account.signedInAt) return false;
    return clock.elapsed() - last.at < settleMs && !entry.account.rejected && !source.isDue(entry);
  }

  /**
   * Makes a derived key for the active account, once for all who ask now. A key that it has is replaced only by another,
   * and the person is told what came of it: it may be rejected, which nothing else shows.
   * @throws Problem
   */
  retryDerivedKey(): Promise<void> {
    return this.#running.run("derivedKey", () => this.#deriveKey());
  }

  async #deriveKey(): Promise<void> {
    const { accounts, source, deriver, refresher, notifications } = this.#dependencies;
    // The id_token that the key is made from lives an hour.
    await source.accessToken();
    let entry = accounts.entry();
    if (!entry) throw new Problem("notSignedIn");
    if (deriver.needsFreshIdToken(entry)) entry = await refresher.refresh(entry.credential);
    const before = keyOf(entry);
    await deriver.derive(entry);
    const after = keyOf(accounts.entry(entry.account.id));
    if (before === undefined || after === undefined) return;
    if (after === before) {
      notifications.warningWithLog(l10n.t("OpenAI didn't create a new account API key, so the saved one was kept."));
      return;
    }
    notifications.info(
      l10n.t(
        "A new account API key was created. The earlier one stays valid until you delete it at platform.openai.com.",
      ),
      { [l10n.t("Open platform.openai.com")]: () => void this.openPlatform() },
    );
  }

  /** Opens the OpenAI Platform that belongs to the active account. */
  async openPlatform(): Promise<void> {
    const issuer = this.#dependencies.accounts.state.active?.issuer;
    if (issuer !== undefined) await vscode.env.openExternal(vscode.Uri.parse(platformUrl(issuer)));
  }

  /** The active account; where no account can be read, the only one there is. @throws Problem when that is not known */
  async #activeId(): Promise<string | undefined> {
    const { accounts } = this.#dependencies;
    try {
      if (accounts.state.unread) await accounts.load();
    } catch (error) {
      const { unread } = accounts.state;
      if (Array.isArray(unread) && unread.length === 1 && accounts.state.accounts.length === 0) return unread[0];
      throw error;
    }
    return accounts.state.active?.id;
  }

  /** Whether the person wants an account to be signed out. */
  #mayEnd(id: string): Promise<boolean> {
    const { accounts, known } = this.#dependencies;
    const entry = accounts.entry(id);
    return confirmSignOut({
      label: known.current?.accounts.find((account) => account.id === id)?.label ?? entry?.account.email,
      credential: entry?.credential,
      ownKeyFollows: settings.authMode === "chatgpt" && this.#hasOwnKey && isLast(accounts.state, id),
    });
  }

  get #hasOwnKey(): boolean {
    return this.#dependencies.known.current?.ownKey === true;
  }

  /** Removes an account; with the last one goes the mode that uses it. */
  async #remove(id: string): Promise<Ending | undefined> {
    const { accounts, signOut, notifications, clock, endHandOff } = this.#dependencies;
    // Before its refresh token ends: the Codex CLI gets its earlier login back, or keeps this one.
    await endHandOff(id);
    const ending = await signOut.begin(id);
    const { accounts: left, unread } = accounts.state;
    if (ending && left.length === 0 && !unread) await switchAuthMode("apiKey", notifications, clock);
    return ending;
  }
}

function keyOf(entry: Entry | undefined): string | undefined {
  const key = entry?.credential.derivedKey;
  return key?.status === "present" ? key.key : undefined;
}

/** Whether no account but this one is signed in; "maybe" where that cannot be read. */
function isLast({ accounts, unread = [] }: AccountsState, id: string): boolean | "maybe" {
  const others = [...accounts.map((account) => account.id), ...(unread === "all" ? [] : unread)];
  if (others.some((other) => other !== id)) return false;
  return unread === "all" ? "maybe" : true;
}

/** A button of a notification. */
function openSettings(): Record<string, () => void> {
  return {
    [l10n.t("Open ChatGPT Settings")]: () => void vscode.commands.executeCommand(commandOf("openSettings")),
  };
}
