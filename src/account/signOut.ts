import { RevocationRefused } from "../oauth/revocation.ts";
import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { SignInRef } from "./accountIndex.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential } from "./credential.ts";
import type { Ending } from "./endedAccounts.ts";
import { holdAtMost } from "./holdAtMost.ts";
import type { LeftTokens } from "./leftTokens.ts";
import { isNewer } from "./recordOrder.ts";
import { type RefreshNotes, wasPassedOn } from "./refreshNotes.ts";
import type { RevocableToken, TokensChange } from "./replacedTokens.ts";

export interface SignOutDependencies {
  accounts: Accounts;
  leftTokens: LeftTokens;
  /** @throws RevocationRefused when no other try can succeed, anything else for what may pass */
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  refreshNotes: Pick<RefreshNotes, "read" | "removeUpTo">;
  lock: Lock;
  clock: Clock;
  log: Logger;
}

/**
 * What has become of a token at its issuer: revoked; `over` when it was worth nothing any more; `refused` when the issuer
 * will not revoke it; `failed` when that is to be tried again.
 */
export type Revocation = "revoked" | "over" | "refused" | "failed";

/** What signing out has come to. */
export interface SignOutOutcome {
  /** Of the sign-in itself: `codex` where its login is the Codex CLI's, `unclear` where it may be. */
  readonly signIn: Revocation | "codex" | "unclear";
  /**
   * Of the account's sign-ins before it that another one has replaced, the worst; undefined where there were none, and
   * `failed` where that could not be read.
   */
  readonly earlier: Revocation | undefined;
  /** Tokens may still be stored on this computer; deleting them is tried again. */
  readonly isStored: boolean;
}

/** What has become of one token; the Codex CLI's is not ours to revoke, so it is left out. */
interface Ended {
  readonly outcome: SignOutOutcome["signIn"];
  readonly token?: RevocableToken;
  /** The record that the token is of. */
  readonly record?: Credential;
}

/** How long to wait for a refresh that another window may be doing, ms. */
const patienceMs = 5_000;
/** How often newer tokens that must exist are looked for: a keyring may now and then answer with an older value. */
const maxReads = 3;
/** Waits between tries to end what is left, ms. */
const retriesMs = [60_000, 5 * 60_000, 30 * 60_000, 2 * 60 * 60_000];

/**
 * Ends sign-ins here and at the issuer. First the index says that a sign-in has ended and that something is left of it;
 * then its tokens are revoked, then its record is deleted. What fails is tried again: when a window starts, and while one
 * is open. A sign-in of the same account that has come since is never touched.
 */
export class SignOut implements Disposable {
  readonly #dependencies: SignOutDependencies;
  readonly #subscription: Disposable;
  /** Accounts whose end is under way. */
  readonly #ending = new Set<string>();
  /** Tokens of sign-ins that were not kept, which could not be revoked yet, with the accounts that they name. */
  readonly #discarded = new Map<RevocableToken, string | undefined>();
  readonly #storing = new Set<Promise<void>>();
  #failures = 0;
  #timer: Disposable | undefined;
  #isTrying = false;
  #isDisposed = false;

  constructor(dependencies: SignOutDependencies) {
    this.#dependencies = dependencies;
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
      const outcome = credential ? await this.#end(ending, credential) : unreadable;
      if (isLeft(outcome)) this.#tryLater();
      return outcome;
    } finally {
      this.#ending.delete(id);
    }
  }

  /** The record of a sign-in that could not be read when it was ended. */
  async #readAgain(id: string): Promise<Credential | undefined> {
    return this.#dependencies.accounts.ended.readRecord(id).catch(() => undefined);
  }

  /**
   * Revokes a token that is not kept: its sign-in was cancelled, could not be stored, is not allowed, or ended while it
   * was refreshed. Never rejects; what fails is remembered and tried again. Can be called with the account's lock held.
   * @param id the account that the token is of, if it is known
   * @returns whether there is nothing to try again
   */
  async discard(id: string | undefined, token: RevocableToken): Promise<boolean> {
    const isOver = (await this.#revoke(token)) !== "failed";
    if (!isOver) this.#discarded.set(token, id);
    if (!isOver) this.#tryLater();
    if (id === undefined) return isOver;
    if (!isOver) this.#noteDiscarded(id, { added: [token] });
    // One that had been stored was noted before its record was deleted.
    else if (this.#dependencies.leftTokens.finish(id, token)) this.#noteDiscarded(id, { removed: [token] });
    return isOver;
  }

  /** Resolves when everything is stored that is to be revoked later; what cannot be stored is tried once more first. */
  async settled(): Promise<void> {
    const { leftTokens } = this.#dependencies;
    await Promise.all(this.#storing);
    await leftTokens.settled();
    const unstored = [...this.#discarded].filter(([token, id]) => id === undefined || leftTokens.isUnstored(id, token));
    await Promise.all(unstored.map(([token, id]) => this.#discardAgain(token, id)));
  }

  #noteDiscarded(id: string, change: TokensChange): void {
    const noting = this.#held(id, () => this.#dependencies.leftTokens.note(id, change))
      .catch(() => {})
      .then(() => void this.#storing.delete(noting));
    this.#storing.add(noting);
  }

  /** What is left of ended sign-ins, but for those that are being ended. */
  get #left(): SignInRef[] {
    return this.#dependencies.accounts.ended.withLeft.filter(({ id }) => !this.#ending.has(id));
  }

  /** @param credential its record, if it could be read */
  async #end(ref: SignInRef, credential: Credential | undefined): Promise<SignOutOutcome> {
    const { accounts, leftTokens } = this.#dependencies;
    const { id } = ref;
    let signIn: Ended = credential ? await this.#endSignIn(credential) : { outcome: "over" };
    const { tokens, isComplete } = await leftTokens.read(id);
    const noted = tokens.filter(({ refreshToken }) => refreshToken !== signIn.token?.refreshToken);
    const earlier = await Promise.all(noted.map(async (token) => ({ token, outcome: await this.#revoke(token) })));
    let others: Ended[] = [];
    let isUnread = !isComplete;
    const isStored = await this.#held(id, async () => {
      [signIn, ...others] = await this.#endNewer(id, signIn);
      const ended = [signIn, ...others, ...earlier];
      const added = ended.flatMap((one) => (one.outcome === "failed" ? (one.token ?? []) : []));
      const removed = ended.flatMap((one) => (one.outcome === "failed" ? [] : (one.token ?? [])));
      const left = await leftTokens.note(id, { added, removed });
      // The record is the only place of a token that could not be noted.
      const mayDelete = left !== undefined || signIn.outcome !== "failed";
      // Where there was no record it is deleted only in the end, because each deletion is a change for other windows.
      const isNeeded = credential !== undefined || added.length === 0;
      const isOver = (refreshToken: string) => removed.some((token) => token.refreshToken === refreshToken);
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
  async #endNewer(id: string, ended: Ended): Promise<[Ended, ...Ended[]]> {
    const { record } = ended;
    const stored = record && (await this.#readAgain(id));
    if (!stored || stored.tokens.refreshToken === record.tokens.refreshToken) return [ended];
    if (stored.signedInAt !== record.signedInAt) return [ended, await this.#endSignIn(stored)];
    // What the newest token of a sign-in was refreshed from is used up.
    return [isNewer(stored, record) ? await this.#endSignIn(stored) : ended];
  }

  /** Revokes the token of a sign-in if it is this extension's to revoke. */
  async #endSignIn(credential: Credential): Promise<Ended> {
    const newest = await this.#newest(credential);
    if (newest?.origin !== "own") return { outcome: "codex" };
    // The hand-off was cut off, and it could not be found out whose the token is.
    if (newest.handOff) return { outcome: "unclear" };
    const token = { issuer: newest.issuer, refreshToken: newest.tokens.refreshToken };
    return { token, record: newest, outcome: await this.#revoke(token) };
  }

  /** The newest record of a sign-in that can be found; undefined when its login was passed on to the Codex CLI. */
  async #newest(known: Credential): Promise<Credential | undefined> {
    const { accounts, refreshNotes } = this.#dependencies;
    let newest = known;
    for (let reads = 0; reads < maxReads && newest.origin === "own"; reads += 1) {
      // A window may have refreshed the tokens until the index said that the sign-in has ended; later it finds that out.
      const read = await accounts.ended.readRecord(newest.id).catch(() => undefined);
      if (read?.signedInAt === newest.signedInAt && read.sequence > newest.sequence) newest = read;
      const note = await refreshNotes.read(newest);
      if (!note || note.sequence <= newest.sequence) return newest;
      if (wasPassedOn(note)) return undefined;
    }
    // To revoke a token that has been refreshed ends the same grant (RFC 7009 section 2.1).
    return newest;
  }

  async #revoke({ issuer, refreshToken }: RevocableToken): Promise<Revocation> {
    try {
      await this.#dependencies.revoke(issuer, refreshToken);
      return "revoked";
    } catch (error) {
      this.#dependencies.log.warn(`The refresh token was not revoked: ${describeError(error)}`);
      if (!(error instanceof RevocationRefused)) return "failed";
      return error.isOver ? "over" : "refused";
    }
  }

  /** Nothing is left: forgets that there was something, and how far the tokens were refreshed. */
  async #settle(ref: SignInRef): Promise<void> {
    const { leftTokens, refreshNotes, log } = this.#dependencies;
    try {
      await refreshNotes.removeUpTo(ref);
      if (!(await leftTokens.settle(ref))) this.#tryLater();
    } catch (error) {
      log.warn(`The end of a sign-in could not be noted: ${describeError(error)}`);
      this.#tryLater();
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
    const discarded = await Promise.all([...this.#discarded].map(([token, id]) => this.#discardAgain(token, id)));
    const ended: boolean[] = [];
    for (const ref of this.#left) ended.push(await this.#endAgain(ref));
    this.#isTrying = false;
    const isDone = [...discarded, ...ended].every(Boolean);
    this.#failures = isDone ? 0 : this.#failures + 1;
    if (!isDone) this.#tryLater();
  }

  async #discardAgain(token: RevocableToken, id: string | undefined): Promise<boolean> {
    if ((await this.#revoke(token)) === "failed") return false;
    this.#discarded.delete(token);
    if (id === undefined) return true;
    return (await this.#held(id, () => this.#dependencies.leftTokens.note(id, { removed: [token] }))) !== undefined;
  }

  async #endAgain(ref: SignInRef): Promise<boolean> {
    const { accounts, log } = this.#dependencies;
    try {
      return !isLeft(await this.#end(ref, await accounts.ended.readRecord(ref.id)));
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

/** Where a record cannot be read, everything is left, until it can be or is found to be gone. */
const unreadable: SignOutOutcome = { signIn: "failed", earlier: undefined, isStored: true };

function isLeft({ signIn, earlier, isStored }: SignOutOutcome): boolean {
  return isStored || signIn === "failed" || earlier === "failed";
}

const byGravity: readonly Revocation[] = ["failed", "refused", "over", "revoked"];

function worstOf(outcomes: readonly SignOutOutcome["signIn"][]): Revocation | undefined {
  return byGravity.find((outcome) => outcomes.includes(outcome));
}
