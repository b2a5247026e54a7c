import type { Clock } from "../platform/clock.ts";
import { type Remembered, remember } from "../platform/remember.ts";
import { SharedWork } from "../platform/sharedWork.ts";
import type { AuthMode } from "../shared/panelProtocol.ts";
import { Problem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import { accountBinding, type Binding, ownKeyBinding } from "./endpoints.ts";
import { settleMs } from "./freshness.ts";
import { FreshTokens } from "./freshTokens.ts";
import type { OwnKeyStore } from "./ownKey.ts";
import type { Refresher } from "./refresher.ts";
import type { Entry } from "./state.ts";
import { type TokenAge, TokenAges } from "./tokenAges.ts";
import type { WorkspacePolicy } from "./workspacePolicy.ts";

export type CredentialKind = "chatgpt" | "apiKey";

/** What a request is made with. */
export interface BearerCredential {
  readonly bearer: string;
  /** Our own name of the account that it is of; an own key is of none. */
  readonly account?: string;
  /** The ChatGPT workspace, for an access token. */
  readonly workspaceId?: string;
  readonly fedramp?: boolean;
  /** The addresses that it may be sent to; without one, to none. */
  readonly binding?: Binding;
}

export interface CredentialSourceDependencies {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  refresher: Refresher;
  policy: WorkspacePolicy;
  authMode: () => AuthMode;
  clock: Clock;
}

/** The active account's access token while it is fresh. */
interface FreshToken {
  /** Resolved already: callers get this very promise. */
  answer: Promise<BearerCredential>;
  age: TokenAge;
}

/** The one place to ask for a credential. A fresh one is answered from memory. */
export class CredentialSource {
  readonly #dependencies: CredentialSourceDependencies;
  readonly #ages: TokenAges;
  readonly #fresh: FreshTokens;
  /** What callers who ask at the same time wait for together. */
  readonly #asked = new SharedWork<BearerCredential>();
  #token: FreshToken | undefined;
  #key: Remembered<BearerCredential>;

  constructor(dependencies: CredentialSourceDependencies) {
    const { accounts, ownKey, refresher, clock } = dependencies;
    this.#dependencies = dependencies;
    this.#ages = new TokenAges(clock);
    this.#fresh = new FreshTokens({ refresher, ages: this.#ages, clock });
    this.#key = remember(() => this.#apiKey());
    accounts.onDidChange(() => this.forget());
    ownKey.onDidChange(() => this.forget());
  }

  /** To be called when the auth mode changes. */
  forget(): void {
    this.#token = undefined;
    this.#key = remember(() => this.#apiKey());
    this.#asked.forget();
  }

  /**
   * A fresh ChatGPT access token of the active account, or the API key of the auth mode.
   * @throws Problem; `accountNotAllowed`, `allowedWorkspacesUnusable` for an account that may not be used
   */
  get(kind: CredentialKind): Promise<BearerCredential> {
    // What is remembered may be from before the policy.
    const forbidden = this.#isOfAccount(kind) && this.#forbidden();
    if (forbidden) return Promise.reject(forbidden);
    if (kind === "apiKey") return this.#key.get();
    return this.#freshToken() ?? this.#asked.run(kind, () => this.accessToken());
  }

  #isOfAccount(kind: CredentialKind): boolean {
    return kind === "chatgpt" || this.#dependencies.authMode() === "chatgpt";
  }

  /** Why the active account may not be used. */
  #forbidden(): Problem | undefined {
    const { accounts, policy } = this.#dependencies;
    const entry = accounts.entry();
    return entry && policy.problem(entry.account);
  }

  #freshToken(): Promise<BearerCredential> | undefined {
    const token = this.#token;
    return token && !this.#ages.isDue(token.age) ? token.answer : undefined;
  }

  /** When an account's access token is due to be refreshed: ms since 1970 by the local clock. */
  dueAt(entry: Entry): number {
    return this.#ages.of(entry).dueAt;
  }

  /** Whether it is due, or is to be refreshed earlier because the clock was set back. */
  isDue(entry: Entry): boolean {
    return this.#ages.isDue(this.#ages.of(entry));
  }

  /**
   * A fresh access token of an account, by default of the active one.
   * @throws Problem
   */
  async accessToken(id?: string): Promise<BearerCredential> {
    const { accounts, policy } = this.#dependencies;
    await accounts.load();
    const entry = accounts.entry(id);
    if (!entry) throw new Problem("notSignedIn");
    // Before a refresh is tried: a failure would keep the next one waiting.
    policy.assertAllowed(entry.account);
    const fresh = await this.#fresh.freshen(entry);
    const credential = this.#bearerOf(fresh);
    // Meanwhile somebody may have switched accounts or signed out.
    if (accounts.entry() === fresh) {
      const answer = Promise.resolve(credential);
      this.#token = { answer, age: this.#ages.of(fresh) };
    }
    return credential;
  }

  /**
   * To be called when the API refused a credential (401): reads again what is stored, and refreshes it once if that is
   * what was refused.
   * @throws Problem `needsSignIn` and others; for an API key `noApiKey` or `keyRejected`
   */
  async rejected(refused: BearerCredential): Promise<BearerCredential> {
    this.forget();
    if (refused.workspaceId === undefined && !this.#isAccessToken(refused)) return this.#otherKey(refused);
    const { accounts, policy, clock } = this.#dependencies;
    await accounts.load();
    const id = refused.account ?? accounts.state.active?.id;
    const current = id === undefined ? undefined : await accounts.reread(id);
    if (!current) throw new Problem("notSignedIn");
    policy.assertAllowed(current.account);
    const { rejected, receivedAt, tokens } = current.credential;
    // What was stored since can be long ago.
    if (tokens.accessToken !== refused.bearer) return this.#bearerOf(await this.#fresh.freshen(current));
    if (rejected) throw new Problem("needsSignIn", rejected);
    // Refreshing a token that has just been issued would not help, and may cost the sign-in (openai/codex issue 40541).
    if (Math.abs(clock.now() - receivedAt) < settleMs) throw new Problem("notYetAccepted");
    return this.#bearerOf(await this.#fresh.renew(current.credential));
  }

  /**
   * To be called before a credential is sent, however long ago it was given out: what is allowed may have changed since.
   * @throws Problem `accountNotAllowed`, `allowedWorkspacesUnusable`
   */
  assertUsable({ account, workspaceId }: BearerCredential): void {
    const { accounts, policy } = this.#dependencies;
    if (account !== undefined) policy.assertAllowed(accounts.entry(account)?.account ?? { workspaceId });
  }

  /** @throws Problem when the account may not be used, which may have changed while its token was refreshed */
  #bearerOf(fresh: Entry): BearerCredential {
    this.#dependencies.policy.assertAllowed(fresh.account);
    return bearerOf(fresh);
  }

  #isAccessToken({ account, bearer }: BearerCredential): boolean {
    return this.#dependencies.accounts.entry(account)?.credential.tokens.accessToken === bearer;
  }

  /** Another API key than the refused one, if one has been set elsewhere. */
  async #otherKey(refused: BearerCredential): Promise<BearerCredential> {
    const { ownKey, accounts, authMode } = this.#dependencies;
    await (authMode() === "apiKey" ? ownKey : accounts).reload();
    const current = await this.#apiKey();
    if (current.bearer === refused.bearer) throw new Problem("keyRejected");
    return current;
  }

  async #apiKey(): Promise<BearerCredential> {
    const { accounts, ownKey, authMode } = this.#dependencies;
    const isOwn = authMode() === "apiKey";
    await (isOwn ? ownKey : accounts).load();
    // It may only have read as missing.
    if (isOwn && !ownKey.current) await ownKey.reload();
    const credential = isOwn ? this.#ownKey() : this.#derivedKey();
    if (!credential) throw new Problem("noApiKey");
    return credential;
  }

  #ownKey(): BearerCredential | undefined {
    const { current } = this.#dependencies.ownKey;
    return current && { bearer: current.key, binding: ownKeyBinding(current.key, current.apiBaseUrl) };
  }

  #derivedKey(): BearerCredential | undefined {
    const forbidden = this.#forbidden();
    if (forbidden) throw forbidden;
    const credential = this.#dependencies.accounts.entry()?.credential;
    if (credential?.derivedKey.status !== "present") return undefined;
    const { id, issuer, derivedKey } = credential;
    return { bearer: derivedKey.key, account: id, binding: accountBinding(issuer) };
  }
}

function bearerOf({ credential, account }: Entry): BearerCredential {
  return {
    bearer: credential.tokens.accessToken,
    account: account.id,
    ...(account.workspaceId !== undefined && { workspaceId: account.workspaceId }),
    ...(account.fedramp && { fedramp: true }),
    binding: accountBinding(credential.issuer),
  };
}
