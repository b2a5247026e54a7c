import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { SignInRef } from "./accountIndex.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential } from "./credential.ts";
import { DiscardedTokens } from "./discardedTokens.ts";
import type { Ending } from "./endedAccounts.ts";
import { holdAtMost } from "./holdAtMost.ts";
import type { LeftTokens } from "./leftTokens.ts";
import { isNewer } from "./recordOrder.ts";
import type { RefreshNotes } from "./refreshNotes.ts";
import type { RevocableToken } from "./replacedTokens.ts";
import { type EndedSignIn, type Revocation, Revoker, type RevokerDependencies } from "./revoker.ts";

export interface SignOutDependencies extends RevokerDependencies {
  accounts: Accounts;
  leftTokens: LeftTokens;
  refreshNotes: Pick<RefreshNotes, "read" | "removeUpTo">;
  lock: Lock;
  clock: Clock;
  log: Logger;
}

/** What signing out has come to. */
export interface SignOutOutcome {
  /** Of the sign-in itself. */
  readonly signIn: EndedSignIn["outcome"];
  /**
   * Of the account's sign-ins before it that another one has replaced, the worst; undefined where there were none, and
   * `failed` where that could not be read.
   */
  readonly earlier: Revocation | undefined;
  /** Tokens may still be stored on this computer; deleting them is tried again. */
  readonly isStored: boolean;
}

/** How long to wait for a refresh that another window may be doing, ms. */
const patienceMs = 5_000;
/** Waits between tries to end what is left, ms. */
const retriesMs = [60_000, 5 * 60_000, 30 * 60_000, 2 * 60 * 60_000];

/**
 * Ends sign-ins here and at the issuer. First the index says that a sign-in has ended and that something is left of it;
 * then its tokens are revoked, then its record is deleted. What fails is tried again: when a window starts, and while one
 * is open. A sign-in of the same account that has come since is never touched.
 */
export class SignOut implements Disposable {
  readonly #dependencies: SignOutDependencies;
  readonly #revoker: Revoker;
  readonly #discarded: DiscardedTokens;
  readonly #subscription: Disposable;
  /** Accounts whose end is under way. */
  readonly #ending = new Set<string>();
  #failures = 0;
  #timer: Disposable | undefined;
  #isTrying = false;
  #isDisposed = false;

  constructor(dependencies: SignOutDependencies) {
    this.#dependencies = dependencies;
    this.#revoker = new Revoker(dependencies);
    this.#discarded = new DiscardedTokens({ ...dependencies, revoke: (token) => this.#revoker.revoke(token) });
    this.#subscription = dependencies.accounts.onDidRead(() => {
      if (this.#left.length > 0) this.#tryLater();
    });
  }

  /** Ends what earlier sign-outs have left behind, in any window; for the start. */
  resume(): void {
    if (this.#left.length > 0) void this.#tryAgain();
  }

  /** Nothing is tried again from now on; the next window does. */
  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
    this.#timer?.dispose();
    this.#dependencies.leftTokens.dispose();
  }

  /**
   * Signs an account out of this extension. `finish` is to be called with what this resolves with.
   * @returns undefined when it is not signed in
   * @throws as `Accounts.store`; then the account stays signed in
   */
  begin(id: string): Promise<Ending | undefined> {
    return this.#held(id, () => this.#dependencies.accounts.end(id));
  }

  /** Revokes the tokens of a sign-in that has ended, and deletes them. Never rejects. */
  async finish(ending: Ending): Promise<SignOutOutcome> {
    const { id } = ending;
    this.#ending.add(id);
    try {
      const credential = ending.credential ?? (await this.#readAgain(id));
      return credential ? await this.#end(ending, credential) : unreadable;
    } finally {
      this.#ending.delete(id);
      if (this.#isAnythingLeft) this.#tryLater();
    }
  }

  /** The record of a sign-in that could not be read when it was ended. */
  async #readAgain(id: string): Promise<Credential | undefined> {
    return this.#dependencies.accounts.ended.readRecord(id).catch(() => undefined);
  }

  /**
   * Revokes a token that is not kept: its sign-in was cancelled, could not be stored, is not allowed, or ended while it
   * was refreshed. Never rejects; what fails is remembered and tried again. Can be called with the account's lock held.
   * @param id the account that the token is of
   * @returns whether there is nothing to try again
   */
  async discard(id: string, token: RevocableToken): Promise<boolean> {
    const isOver = await this.#discarded.discard(id, token);
    if (!isOver) this.#tryLater();
    return isOver;
  }

  /** Resolves when everything is stored that is to be revoked later; what cannot be stored is tried once more first. */
  settled(): Promise<void> {
    return this.#discarded.settled();
  }

  get #isAnythingLeft(): boolean {
    return this.#discarded.areLeft || this.#left.length > 0;
  }

  /** What is left of ended sign-ins, but for those that are being ended. */
  get #left(): SignInRef[] {
    return this.#dependencies.accounts.ended.withLeft.filter(({ id }) => !this.#ending.has(id));
  }

  /** @param credential its record, if it could be read */
  async #end(ref: SignInRef, credential: Credential | undefined): Promise<SignOutOutcome> {
    const { accounts, leftTokens } = this.#dependencies;
    const { id } = ref;
    // What is noted later may be of sign-ins after this one, and belongs to their sign-out.
    const { tokens, isComplete } = await leftTokens.read(id);
    let signIn: EndedSignIn = credential ? await this.#revoker.endSignIn(credential) : { outcome: "over" };
    const noted = tokens.filter(({ refreshToken }) => refreshToken !== signIn.token?.refreshToken);
    const earlier = await Promise.all(
      noted.map(async (token) => ({ token, outcome: await this.#revoker.revoke(token) })),
    );
    let others: EndedSignIn[] = [];
    let isUnread = !isComplete;
    const isStored = await this.#held(id, async () => {
      [signIn, ...others] = await this.#endNewer(id, signIn);
      const ended = [signIn, ...others, ...earlier];
      const added = ended.flatMap((one) => (one.outcome === "failed" ? (one.token ?? []) : []));
      const removed = ended.flatMap((one) => (one.outcome === "failed" ? [] : (one.token ?? [])));
      const left = await leftTokens.note(id, { added, removed });
      // The record is the only place of a token that could not be noted.
      const mayDelete = left !== undefined || [signIn, ...others].every(({ outcome }) => outcome !== "failed");
      // Where there was no record it is deleted only in the end, because each deletion is a change for other windows.
      const isNeeded = credential !== undefined || added.length === 0;
      const isOver = (record: Credential) =>
        ended.some(({ token }) => token && token.refreshToken === record.tokens.refreshToken) ||
        (hasEndedWith(ref, record) && isNoneOfOurs(record, left ?? [], signIn.record ?? credential));
      const isDeleted = !isNeeded || (mayDelete && (await accounts.ended.deleteRecord(id, isOver)));
      if (isComplete && left?.length === 0 && isDeleted) await this.#settle(ref);
      // It may have been read now.
      isUnread &&= left?.length !== 0;
      return left === undefined || !isDeleted || isUnread;
    });
    // Tokens that could not be read may be valid still, and are revoked later.
    const outcomes = [...[...others, ...earlier].map((one) => one.outcome), ...(isUnread ? (["failed"] as const) : [])];
    return { signIn: signIn.outcome, earlier: worstOf(outcomes), isStored };
  }

  /**
   * Revokes the token of a record that was stored since another one was read: the record is the only place of it, and the
   * window that has stored it may be gone. To be called with the account's lock held.
   * @returns what has become of the sign-in, and of others of the account
   */
  async #endNewer(id: string, ended: EndedSignIn): Promise<[EndedSignIn, ...EndedSignIn[]]> {
    const { record } = ended;
    const stored = record && (await this.#readAgain(id));
    if (!stored || stored.tokens.refreshToken === record.tokens.refreshToken) return [ended];
    if (stored.signedInAt !== record.signedInAt) return [ended, await this.#revoker.endSignIn(stored)];
    // What the newest token of a sign-in was refreshed from is used up.
    return [isNewer(stored, record) ? await this.#revoker.endSignIn(stored) : ended];
  }

  /** Nothing is left: forgets that there was something, and how far the tokens were refreshed. */
  async #settle(ref: SignInRef): Promise<void> {
    const { leftTokens, refreshNotes, log } = this.#dependencies;
    try {
      await refreshNotes.removeUpTo(ref);
      await leftTokens.settle(ref);
    } catch (error) {
      log.warn(`The end of a sign-in could not be noted: ${describeError(error)}`);
    }
  }

  #tryLater(): void {
    if (this.#timer || this.#isDisposed || this.#isTrying) return;
    const { clock, log } = this.#dependencies;
    const waitMs = backoff(retriesMs, this.#failures + 1);
    this.#timer = clock.after(waitMs, () => void this.#tryAgain());
    log.info(`Something of a sign-out is left; trying again in ${waitMs / 60_000} min`);
  }

  /** Tries to end everything that is left. Never rejects. */
  async #tryAgain(): Promise<void> {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#isTrying || this.#isDisposed) return;
    this.#isTrying = true;
    try {
      const ended = [await this.#discarded.tryAgain()];
      for (const ref of this.#left) ended.push(await this.#endAgain(ref));
      this.#failures = ended.every(Boolean) ? 0 : this.#failures + 1;
    } finally {
      this.#isTrying = false;
      // Also what has come, or has failed, meanwhile.
      if (this.#isAnythingLeft) this.#tryLater();
    }
  }

  async #endAgain(ref: SignInRef): Promise<boolean> {
    const { accounts, log } = this.#dependencies;
    try {
      const credential = await accounts.ended.readRecord(ref.id);
      // Somebody may have signed in again, whose sign-out ends all of it, or another window may have ended it.
      const left = this.#left.find(({ id }) => id === ref.id);
      return left === undefined || !isLeft(await this.#end(left, credential));
    } catch (error) {
      log.warn(`What a sign-out has left could not be ended: ${describeError(error)}`);
      return false;
    }
  }

  #held<T>(id: string, work: () => Promise<T>): Promise<T> {
    const { lock, clock } = this.#dependencies;
    return holdAtMost(id, { lock, clock, patienceMs }, work);
  }
}

/** Whether the sign-in of a record has ended when this one did. */
function hasEndedWith({ signedInAt }: SignInRef, record: Credential): boolean {
  return record.signedInAt <= signedInAt;
}

/**
 * Whether a record of an ended sign-in has no token that is still to be revoked.
 * @param left the tokens that are noted
 * @param ended the newest record of the sign-in that has been ended
 */
function isNoneOfOurs(record: Credential, left: readonly RevocableToken[], ended: Credential | undefined): boolean {
  if (record.origin !== "own" || record.handOff) return true;
  if (left.some(({ refreshToken }) => refreshToken === record.tokens.refreshToken)) return true;
  // What the newest token of a sign-in was refreshed from is used up.
  return record.signedInAt === ended?.signedInAt && !isNewer(record, ended);
}

/** Where a record cannot be read, everything is left, until it can be or is found to be gone. */
const unreadable: SignOutOutcome = { signIn: "failed", earlier: undefined, isStored: true };

function isLeft({ signIn, earlier, isStored }: SignOutOutcome): boolean {
  return isStored || signIn === "failed" || earlier === "failed";
}

const byGravity: readonly Revocation[] = ["failed", "refused", "over", "revoked"];

function worstOf(outcomes: readonly SignOutOutcome["signIn"][]): Revocation | undefined {
  return byGravity.find((outcome) => outcomes.includes(outcome));
}
