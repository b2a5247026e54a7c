import { type Clock, delay } from "../platform/clock.ts";
import type { AuthMode } from "../shared/panelProtocol.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import { accountBinding, type Binding, ownKeyBinding } from "./endpoints.ts";
import { refreshDueAt, settleMs } from "./freshness.ts";
import type { OwnKeyStore } from "./ownKey.ts";
import type { Refresher } from "./refresher.ts";
import type { Entry } from "./state.ts";

export type CredentialKind = "chatgpt" | "apiKey";

/** What a request is made with. */
export interface BearerCredential {
  readonly bearer: string;
  /** Our own name of the account that it is of; an own key is of none. */
  readonly account?: string;
  /** The ChatGPT workspace, for an access token. */
  readonly accountId?: string;
  readonly fedramp?: boolean;
  /** The addresses that it may be sent to; without one, to none. */
  readonly binding?: Binding;
}

export interface CredentialSourceDependencies {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  refresher: Refresher;
  authMode: () => AuthMode;
  clock: Clock;
}

interface Cached {
  /** Resolved already: who asks gets this very promise. */
  answer: Promise<BearerCredential>;
  /** Milliseconds since 1970. */
  freshUntil: number;
  seen: Seen;
}

/** Tells a clock that was put back: a token is then older than the clock says. */
interface Seen {
  accessToken: string;
  /** The latest time at which the token was known, ms since 1970. */
  latest: number;
}

/** Waits after refreshes that failed for the moment, ms; the last one is repeated. */
const backoffMs = [5_000, 15_000, 60_000, 300_000];
/** A request whose token is still good does not wait longer than this for a new one, ms. */
const patienceMs = 3_000;
/** A clock that is put back by less hides no end of a token, which is renewed that long before, ms. */
const putBackMs = 5 * 60_000;
/** After this long without a failure, the waits start anew, ms. */
const forgiveMs = 600_000;

interface Backoff {
  count: number;
  /** Milliseconds since 1970. */
  since: number;
  until: number;
  problem: unknown;
}

/** The one place to ask for a credential. A fresh one is answered from memory. */
export class CredentialSource {
  readonly #dependencies: CredentialSourceDependencies;
  #cache: { chatgpt?: Cached; apiKey?: Promise<BearerCredential> } = {};
  /** What the callers of this moment wait for together. */
  #asked: { [K in CredentialKind]?: Promise<BearerCredential> | undefined } = {};
  readonly #backoffs = new Map<string, Backoff>();
  readonly #seen = new Map<string, Seen>();
  /** Renewals under way, whose outcome is counted once however many wait for it. */
  readonly #renewals = new Map<string, Promise<Entry>>();

  constructor(parts: CredentialSourceDependencies) {
    this.#dependencies = parts;
    parts.accounts.onDidChange(() => this.forget());
    parts.ownKey.onDidChange(() => this.forget());
  }

  /** To be called when the auth mode changes. */
  forget(): void {
    this.#cache = {};
    this.#asked = {};
  }

  /**
   * A fresh ChatGPT access token of the active account, or the API key of the auth mode.
   * @throws Problem
   */
  get(kind: CredentialKind): Promise<BearerCredential> {
    return this.#cached(kind) ?? this.#asked[kind] ?? this.#ask(kind);
  }

  #cached(kind: CredentialKind): Promise<BearerCredential> | undefined {
    if (kind === "apiKey") return this.#cache.apiKey;
    const cached = this.#cache.chatgpt;
    if (!cached || isPutBack(cached.seen, this.#dependencies.clock)) return undefined;
    return this.#dependencies.clock.now() < cached.freshUntil ? cached.answer : undefined;
  }

  #ask(kind: CredentialKind): Promise<BearerCredential> {
    const asked = kind === "chatgpt" ? this.accessToken() : this.#apiKey();
    this.#asked[kind] = asked;
    const done = () => {
      if (this.#asked[kind] === asked) this.#asked[kind] = undefined;
    };
    asked.then(done, done);
    return asked;
  }

  /**
   * A fresh access token of an account, the active one unless told.
   * @throws Problem
   */
  async accessToken(id?: string): Promise<BearerCredential> {
    await this.#dependencies.accounts.load();
    const entry = this.#dependencies.accounts.entry(id);
    if (!entry) throw new Problem("notSignedIn");
    const fresh = await this.#freshen(entry);
    const credential = bearerOf(fresh);
    // While this waited, somebody may have switched or signed out.
    if (this.#dependencies.accounts.entry() === fresh) {
      const freshUntil = refreshDueAt(fresh);
      this.#cache.chatgpt = { answer: Promise.resolve(credential), freshUntil, seen: this.#seenOf(fresh) };
    }
    return credential;
  }

  /**
   * To be called when the API refused a credential (401): reads again what is stored, and renews it once if that is
   * what was refused.
   * @throws Problem `needsSignIn` and others; for an API key `noApiKey` or `keyRejected`
   */
  async rejected(refused: BearerCredential): Promise<BearerCredential> {
    this.forget();
    if (refused.accountId === undefined && !this.#isAccessToken(refused)) return this.#otherKey(refused);
    const { accounts, refresher, clock } = this.#dependencies;
    await accounts.load();
    const id = refused.account ?? accounts.state.active?.id;
    const current = id === undefined ? undefined : await accounts.reread(id);
    if (!current) throw new Problem("notSignedIn");
    const { rejected, receivedAt, tokens } = current.credential;
    if (tokens.accessToken !== refused.bearer) return bearerOf(current);
    if (rejected) throw new Problem("needsSignIn", rejected);
    // A new token for one that has just been issued would help nobody, and may cost the sign-in (#40541).
    if (Math.abs(clock.now() - receivedAt) < settleMs) throw new Problem("notYetAccepted");
    return bearerOf(await refresher.refresh(current.credential));
  }

  #isAccessToken({ account, bearer }: BearerCredential): boolean {
    const entry = this.#dependencies.accounts.entry(account);
    return entry?.credential.tokens.accessToken === bearer;
  }

  /** Another API key than the one that was refused, if one has been set elsewhere. */
  async #otherKey(refused: BearerCredential): Promise<BearerCredential> {
    await Promise.all([this.#dependencies.ownKey.reload(), this.#dependencies.accounts.reload()]);
    const current = await this.#apiKey();
    if (current.bearer === refused.bearer) throw new Problem("keyRejected");
    return current;
  }

  async #apiKey(): Promise<BearerCredential> {
    const { accounts, ownKey, authMode } = this.#dependencies;
    await Promise.all([ownKey.load(), accounts.load()]);
    // It may only have read as missing.
    if (authMode() === "apiKey" && !ownKey.current) await ownKey.reload();
    // From here on nothing waits, so what is kept is of one moment.
    let bearer: string | undefined;
    let account: string | undefined;
    let binding: Binding | undefined;
    if (authMode() === "apiKey") {
      bearer = ownKey.current?.key;
      if (ownKey.current) binding = ownKeyBinding(ownKey.current.key, ownKey.current.apiBaseUrl);
    } else {
      const credential = accounts.entry()?.credential;
      if (credential?.derivedKey.status === "present") bearer = credential.derivedKey.key;
      account = credential?.id;
      if (credential) binding = accountBinding(credential.issuer);
    }
    if (bearer === undefined) throw new Problem("noApiKey");
    const credential = { bearer, ...(account !== undefined && { account }), ...(binding && { binding }) };
    this.#cache.apiKey = Promise.resolve(credential);
    return credential;
  }

  async #freshen(entry: Entry): Promise<Entry> {
    const { clock } = this.#dependencies;
    const { id, rejected, accessTokenExpiresAt } = entry.account;
    if (rejected) throw new Problem("needsSignIn", rejected);
    const now = clock.now();
    if (now < refreshDueAt(entry) && !isPutBack(this.#seenOf(entry), clock)) return entry;
    const usable = accessTokenExpiresAt === undefined || now < accessTokenExpiresAt;
    const backoff = this.#backoffs.get(id);
    // A clock that was put back does not make the wait longer.
    if (backoff && now < backoff.until && now >= backoff.since) {
      if (usable) return entry;
      throw backoff.problem;
    }
    const renewal = this.#renew(entry);
    if (!usable) return renewal;
    try {
      return await this.#soon(renewal, entry);
    } catch (problem) {
      if (isProblem(problem, "needsSignIn", "notSignedIn")) throw problem;
      return entry;
    }
  }

  #seenOf({ credential }: Entry): Seen {
    const { accessToken } = credential.tokens;
    let seen = this.#seen.get(credential.id);
    if (seen?.accessToken !== accessToken) {
      seen = { accessToken, latest: credential.receivedAt };
      this.#seen.set(credential.id, seen);
    }
    return seen;
  }

  #renew(entry: Entry): Promise<Entry> {
    const { id } = entry.account;
    const running = this.#renewals.get(id);
    if (running) return running;
    const renewal = this.#dependencies.refresher
      .refresh(entry.credential)
      .then(
        (renewed) => {
          this.#backoffs.delete(id);
          return renewed;
        },
        (problem: unknown) => {
          if (!isProblem(problem, "needsSignIn", "notSignedIn")) this.#addBackoff(id, problem);
          throw problem;
        },
      )
      .finally(() => this.#renewals.delete(id));
    this.#renewals.set(id, renewal);
    return renewal;
  }

  #addBackoff(id: string, problem: unknown): void {
    const now = this.#dependencies.clock.now();
    const before = this.#backoffs.get(id);
    const count = before && now - before.until < forgiveMs ? before.count + 1 : 0;
    const wait = backoffMs[Math.min(count, backoffMs.length - 1)] ?? 0;
    this.#backoffs.set(id, { count, since: now, until: now + wait, problem });
  }

  /** What comes of a renewal, or after a while the entry that is still good. */
  async #soon(renewal: Promise<Entry>, entry: Entry): Promise<Entry> {
    const enough = new AbortController();
    const waited = delay(this.#dependencies.clock, patienceMs, enough.signal).then(() => entry);
    waited.catch(() => {});
    try {
      return await Promise.race([renewal, waited]);
    } finally {
      enough.abort();
      renewal.catch(() => {});
    }
  }
}

function isPutBack(seen: Seen, clock: Clock): boolean {
  const now = clock.now();
  if (now < seen.latest - putBackMs) return true;
  seen.latest = Math.max(seen.latest, now);
  return false;
}

function bearerOf({ credential, account }: Entry): BearerCredential {
  return {
    bearer: credential.tokens.accessToken,
    account: account.id,
    ...(account.accountId !== undefined && { accountId: account.accountId }),
    ...(account.fedramp && { fedramp: true }),
    binding: accountBinding(credential.issuer),
  };
}
