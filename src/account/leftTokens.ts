import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { SignInRef } from "./accountIndex.ts";
import type { EndedAccounts } from "./endedAccounts.ts";
import { holdAtMost } from "./holdAtMost.ts";
import { afterLateWrite } from "./limitSecrets.ts";
import type { ReplacedTokens, RevocableToken, TokensChange } from "./replacedTokens.ts";

export interface LeftTokensDependencies {
  ended: Pick<EndedAccounts, "noteLeft" | "settle" | "withLeft">;
  replacedTokens: ReplacedTokens;
  lock: Lock;
  clock: Clock;
  log: Logger;
}

/** Waits between tries to store a token, ms. */
const retriesMs = [2_000, 10_000, 60_000, 300_000];
/** How often to try when the window is closed. */
const lastTries = 3;
/** How long a token waits for the note in the index, ms: it must be stored before its window is closed. */
const longestMarkMs = 2_000;
/** How long to wait for the account's lock, ms. */
const patienceMs = 5_000;

/**
 * The tokens that are still to be revoked, together with the note in the index that there are some. Several windows may
 * end the same sign-in, so that note is made before a token is stored and looked at again afterwards, and the tokens are
 * looked at again after the note was taken away: whichever comes last, a token is never stored without a note of it, but
 * for the time that the index cannot be written.
 */
export class LeftTokens implements Disposable {
  readonly #dependencies: LeftTokensDependencies;
  readonly #subscription: Disposable;
  /** By account: the wait for the next try to store its tokens, and how many have failed. */
  readonly #waiting = new Map<string, Disposable>();
  readonly #failures = new Map<string, number>();
  /** Accounts of which tokens may be stored without a note in the index. */
  readonly #unmarked = new Set<string>();
  #isDisposed = false;

  constructor(dependencies: LeftTokensDependencies) {
    this.#dependencies = dependencies;
    this.#subscription = dependencies.replacedTokens.onDidFail((id) => this.#storeLater(id));
  }

  /** Nothing is tried again from now on, except by `settled`. */
  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
    for (const wait of this.#waiting.values()) wait.dispose();
  }

  /** Tries a few times more to store what could not be stored; for a shutdown. Never rejects. */
  async settled(): Promise<void> {
    for (let tries = 0; tries < lastTries && this.#unstoredIds.length > 0; tries += 1) {
      await Promise.all(this.#unstoredIds.map((id) => this.#storeAgain(id)));
    }
  }

  /** The accounts of which tokens, or the note of them in the index, could not be stored yet. */
  get #unstoredIds(): string[] {
    return [...new Set([...this.#dependencies.replacedTokens.unstoredIds, ...this.#unmarked])];
  }

  /** Whether a token could not be stored yet, so that only this window knows of it. */
  isUnstored(id: string, { refreshToken }: RevocableToken): boolean {
    return this.#dependencies.replacedTokens.unstored(id).some((token) => token.refreshToken === refreshToken);
  }

  /** The tokens of an account, as far as they can be read. Never rejects. */
  async read(id: string): Promise<{ tokens: readonly RevocableToken[]; isComplete: boolean }> {
    const { replacedTokens, log } = this.#dependencies;
    try {
      return { tokens: await replacedTokens.read(id), isComplete: true };
    } catch (error) {
      log.warn(`The tokens of earlier sign-ins could not be read: ${describeError(error)}`);
      return { tokens: replacedTokens.known(id), isComplete: false };
    }
  }

  /**
   * Remembers that a token need not be revoked any more.
   * @returns whether this window has noted that it is to be revoked
   */
  finish(id: string, token: RevocableToken): boolean {
    const { replacedTokens } = this.#dependencies;
    replacedTokens.finish(token);
    return replacedTokens.known(id).some((one) => isSame(one, token));
  }

  /**
   * Notes which tokens of an account are to be revoked later, and which are not any more. Never rejects.
   * @returns all that are then; undefined when that could not be stored
   */
  async note(id: string, change: TokensChange): Promise<readonly RevocableToken[] | undefined> {
    const { replacedTokens, log } = this.#dependencies;
    const isLeft = this.#isLeft(id, change);
    // In this order, because the window may be killed in between.
    if (isLeft) await this.#mark(id);
    try {
      const { tokens, hasNew } = await replacedTokens.change(id, change);
      // Another window may have ended everything that it knew of meanwhile.
      if (isLeft) await this.#markAgain(id, hasNew);
      return tokens;
    } catch (error) {
      log.warn(`What is to be revoked could not be noted: ${describeError(error)}`);
      return undefined;
    }
  }

  /** Whether tokens are listed after a change, as far as this window knows: another may have emptied the list. */
  #isLeft(id: string, { added = [], removed = [] }: TokensChange): boolean {
    const isOver = (token: RevocableToken) => removed.some((one) => isSame(one, token));
    const known = this.#dependencies.replacedTokens.known(id).filter((token) => !isOver(token));
    return added.length > 0 || known.length > 0 || this.#unmarked.has(id);
  }

  /** Without that note no later window would look for the tokens, so it is tried again. */
  async #markAgain(id: string, hasNew: boolean): Promise<void> {
    this.#unmarked.add(id);
    try {
      await this.#dependencies.ended.noteLeft(id, hasNew);
      this.#unmarked.delete(id);
    } catch (error) {
      this.#storeLater(id);
      throw error;
    }
  }

  /**
   * Notes that nothing is left of a sign-in, unless another window has stored a token since. Where the host lists the
   * account's secrets, what has read as missing is there all the same.
   * @returns whether nothing is left
   * @throws as `Accounts.store`, and Problem when the tokens could not be read again
   */
  async settle(ref: SignInRef): Promise<boolean> {
    const { ended, replacedTokens } = this.#dependencies;
    const isEnded = ended.withLeft.some(({ id }) => id === ref.id);
    if (isEnded && (await replacedTokens.isListed(ref.id))) return false;
    await replacedTokens.deleteSetAside(ref.id);
    try {
      await ended.settle(ref);
    } catch (error) {
      throw afterLateWrite(error, () => this.#check(ref.id));
    }
    return this.#check(ref.id);
  }

  async #check(id: string): Promise<boolean> {
    const { ended, replacedTokens } = this.#dependencies;
    // Also takes those off the list that this window knows to be over.
    const { tokens } = await replacedTokens.change(id, {});
    if (tokens.length > 0) await ended.noteLeft(id, true);
    return tokens.length === 0;
  }

  /** Writes the note in the index. It may have to wait for others; then it is written later. Never rejects. */
  async #mark(id: string): Promise<void> {
    const { ended, clock, log } = this.#dependencies;
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = clock.after(longestMarkMs, resolve);
    const warn = (error: unknown) =>
      log.warn(`That something is to be revoked could not be noted: ${describeError(error)}`);
    void ended.noteLeft(id, false).catch(warn).then(resolve);
    await promise;
    limit.dispose();
  }

  /** What a window alone knows would be lost with it. */
  #storeLater(id: string): void {
    if (this.#waiting.has(id) || this.#isDisposed) return;
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    this.#waiting.set(
      id,
      this.#dependencies.clock.after(backoff(retriesMs, failures), () => void this.#storeAgain(id)),
    );
  }

  async #storeAgain(id: string): Promise<void> {
    const { replacedTokens, lock, clock } = this.#dependencies;
    this.#waiting.get(id)?.dispose();
    this.#waiting.delete(id);
    const added = replacedTokens.unstored(id);
    if (!this.#unstoredIds.includes(id)) return;
    const tokens = await holdAtMost(id, { lock, clock, patienceMs }, () => this.note(id, { added }));
    if (tokens) this.#failures.delete(id);
  }
}

function isSame(one: RevocableToken, other: RevocableToken): boolean {
  return one.issuer === other.issuer && one.refreshToken === other.refreshToken;
}
