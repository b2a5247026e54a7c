import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { holdAtMost } from "./holdAtMost.ts";
import type { LeftTokens } from "./leftTokens.ts";
import type { RevocableToken, TokensChange } from "./replacedTokens.ts";
import type { Revocation } from "./revoker.ts";

export interface DiscardedTokensDependencies {
  leftTokens: LeftTokens;
  /** Never rejects. */
  revoke: (token: RevocableToken) => Promise<Revocation>;
  lock: Lock;
  clock: Clock;
}

/** How long to wait for the account's lock, ms. */
const patienceMs = 5_000;

/**
 * Tokens that are not kept: their sign-in was cancelled, could not be stored, is not allowed, or ended while it was
 * refreshed. Those that could not be revoked yet are remembered here, and noted with their account.
 */
export class DiscardedTokens {
  readonly #dependencies: DiscardedTokensDependencies;
  /** Those that are being revoked for the first time, with the accounts that they name. */
  readonly #revoking = new Map<RevocableToken, string>();
  /** Those that could not be revoked yet. */
  readonly #waiting = new Map<RevocableToken, string>();
  readonly #storing = new Set<Promise<void>>();

  constructor(dependencies: DiscardedTokensDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether a token is still to be revoked. */
  get areLeft(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Revokes a token. Never rejects. Can be called with the account's lock held.
   * @param id the account that it is of
   * @returns whether there is nothing to try again
   */
  async discard(id: string, token: RevocableToken): Promise<boolean> {
    const { leftTokens, revoke } = this.#dependencies;
    this.#revoking.set(token, id);
    const isOver = (await revoke(token)) !== "failed";
    this.#revoking.delete(token);
    if (!isOver) this.#waiting.set(token, id);
    if (!isOver) this.#note(id, { added: [token] });
    // One that had been stored was noted before its record was deleted.
    else if (leftTokens.finish(id, token)) this.#note(id, { removed: [token] });
    return isOver;
  }

  /** Tries again to revoke what could not be revoked. Never rejects. @returns whether all of that is done */
  async tryAgain(): Promise<boolean> {
    const done = await Promise.all([...this.#waiting].map(([token, id]) => this.#discardAgain(token, id)));
    return done.every(Boolean);
  }

  /** Resolves when everything is stored that is to be revoked later; what cannot be stored is tried once more first. */
  async settled(): Promise<void> {
    const { leftTokens } = this.#dependencies;
    // The window may be gone before the issuer has answered.
    for (const [token, id] of this.#revoking) this.#note(id, { added: [token] });
    await Promise.all(this.#storing);
    await leftTokens.settled();
    const unstored = [...this.#waiting].filter(([token, id]) => leftTokens.isUnstored(id, token));
    await Promise.all(unstored.map(([token, id]) => this.#discardAgain(token, id)));
  }

  async #discardAgain(token: RevocableToken, id: string): Promise<boolean> {
    const { leftTokens, revoke } = this.#dependencies;
    if ((await revoke(token)) === "failed") return false;
    this.#waiting.delete(token);
    return (await this.#held(id, () => leftTokens.note(id, { removed: [token] }))) !== undefined;
  }

  #note(id: string, change: TokensChange): void {
    const noting = this.#held(id, () => this.#dependencies.leftTokens.note(id, change))
      .catch(() => {})
      .then(() => void this.#storing.delete(noting));
    this.#storing.add(noting);
  }

  #held<T>(id: string, work: () => Promise<T>): Promise<T> {
    const { lock, clock } = this.#dependencies;
    return holdAtMost(id, { lock, clock, patienceMs }, work);
  }
}
