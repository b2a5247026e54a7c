import { mayBeOld } from "../oauth/clockOffset.ts";
import { type Clock, delay } from "../platform/clock.ts";
import { SharedWork } from "../platform/sharedWork.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { Credential } from "./credential.ts";
import { settleMs } from "./freshness.ts";
import { RefreshBackoff } from "./refreshBackoff.ts";
import type { Refresher } from "./refresher.ts";
import type { Entry } from "./state.ts";
import type { TokenAges } from "./tokenAges.ts";

/** A request whose token is still good does not wait longer than this for a new one, ms. */
const patienceMs = 3_000;
/** How often it is refreshed for one request whose token is due: what was read may be several refreshes old. */
const maxRefreshes = 3;

export interface FreshTokensDependencies {
  refresher: Refresher;
  ages: TokenAges;
  clock: Clock;
}

/** Gets an account's tokens refreshed when they are due, and no more often than that. */
export class FreshTokens {
  readonly #dependencies: FreshTokensDependencies;
  readonly #backoff: RefreshBackoff;
  /** Refreshes under way, whose outcome counts once however many wait for it. */
  readonly #refreshes = new SharedWork<Entry>();

  constructor(dependencies: FreshTokensDependencies) {
    this.#dependencies = dependencies;
    this.#backoff = new RefreshBackoff(dependencies.clock);
  }

  /**
   * The entry with an access token that is good for a request: refreshed when that is due. A token that has not expired
   * is used when the refresh fails or takes long.
   * @throws Problem `needsSignIn`, `notSignedIn`; what the refresh failed with when the token has expired
   */
  async freshen(entry: Entry): Promise<Entry> {
    const { ages } = this.#dependencies;
    const { id, rejected } = entry.account;
    if (rejected) throw new Problem("needsSignIn", rejected);
    const age = ages.of(entry);
    if (!ages.isDue(age)) return entry;
    const isUsable = !ages.hasExpired(age);
    const waiting = this.#backoff.waiting(id);
    if (waiting) {
      if (isUsable) return entry;
      throw waiting.problem;
    }
    const refresh = this.#refreshes.run(id, () => this.#refresh(entry));
    if (!isUsable) return refresh;
    // The computer may have slept while the refresh was under way.
    const hasExpired = () => ages.hasExpired(age);
    try {
      const fresh = await this.#orAfterAWhile(refresh, entry);
      return ages.hasExpired(ages.of(fresh)) ? await refresh : fresh;
    } catch (problem) {
      if (isProblem(problem, "needsSignIn", "notSignedIn") || hasExpired()) throw problem;
      return entry;
    }
  }

  /**
   * Refreshes a credential, and again where the new access token is no good when it is handled: another window may have
   * refreshed it long ago, or the computer may have slept while the answer was under way.
   * @throws as `Refresher.refresh`
   */
  async renew(credential: Credential): Promise<Entry> {
    const { refresher, clock } = this.#dependencies;
    const askedAt = clock.now();
    let refreshed = await refresher.refresh(credential);
    for (let times = 1; times < maxRefreshes && this.#isOver(refreshed, askedAt, times === 1); times += 1) {
      refreshed = await refresher.refresh(refreshed.credential);
    }
    return refreshed;
  }

  /** @param isFirst one that has come just now is refreshed again only once: by a wrong clock each may seem to have expired */
  #isOver(refreshed: Entry, askedAt: number, isFirst: boolean): boolean {
    const { ages, clock } = this.#dependencies;
    const { receivedAt, origin } = refreshed.credential;
    const age = ages.of(refreshed);
    if (Math.abs(clock.now() - receivedAt) >= settleMs) return ages.isDue(age);
    // How far the issuer's clock is ahead of ours is not known of a linked login.
    return isFirst && (origin !== "linked" || mayBeOld(clock, askedAt)) && ages.hasExpired(age);
  }

  async #refresh(entry: Entry): Promise<Entry> {
    const { id } = entry.account;
    try {
      const refreshed = await this.renew(entry.credential);
      this.#backoff.succeeded(id);
      return refreshed;
    } catch (problem) {
      if (!isProblem(problem, "needsSignIn", "notSignedIn")) this.#backoff.failed(id, problem);
      throw problem;
    }
  }

  /** What a refresh brings, or after a while the entry that is still good. */
  async #orAfterAWhile(refresh: Promise<Entry>, entry: Entry): Promise<Entry> {
    const enough = new AbortController();
    const waited = delay(this.#dependencies.clock, patienceMs, enough.signal).then(() => entry);
    waited.catch(() => {});
    try {
      return await Promise.race([refresh, waited]);
    } finally {
      enough.abort();
      refresh.catch(() => {});
    }
  }
}
