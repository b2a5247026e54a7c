import { clockOffset, clockOffsetOfLogin } from "../oauth/clockOffset.ts";
import { RefreshRejected } from "../oauth/tokenEndpoint.ts";
import { type Clock, delay } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { SharedWork } from "../platform/sharedWork.ts";
import { Problem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential, HeldCredential, LinkedCredential } from "./credential.ts";
import { mergeTokens } from "./mergeTokens.ts";
import { RefreshedStore } from "./refreshedStore.ts";
import { fingerprintOf, isSuperseded, type RefreshNote, type RefreshNotes } from "./refreshNotes.ts";
import type { Entry } from "./state.ts";
import type { RefreshedTokens, TokenRefreshers } from "./tokenRefresher.ts";

export interface RefresherDependencies {
  accounts: Accounts;
  refreshers: TokenRefreshers;
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  lock: Lock;
  refreshNotes: RefreshNotes;
  clock: Clock;
  log: Logger;
  /**
   * Where reading the secrets again shows a window nothing new (the web): checks that nobody has changed them since.
   * @throws Problem `staleWindow`
   */
  assertCurrent: () => Promise<void>;
  /**
   * Finds out who owns a login whose hand-off to its next owner was interrupted, and stores that.
   * @throws for what may pass; then the refresh token is not used
   */
  settleHandOff: (credential: HeldCredential) => Promise<void>;
}

/** Longer than a request to the issuer can last: a window that began one before that no longer waits for its answer. */
const answerMs = 35_000;
/** How often to check whether an answer that another window waits for has come. */
const checkAgainMs = 500;
/** A lock that was taken this quickly was free. */
const atOnceMs = 200;
/** How often newer tokens that must exist are looked for: a keyring may now and then answer with an older value. */
const maxReads = 3;

/** Called as soon as a refreshed entry is stored, before the refresh has quite ended. */
type OnStored = (entry: Entry) => void;

/**
 * Refreshes an account's tokens, once for everybody. Callers of one window share one refresh; windows and processes take
 * turns under a lock, and each reads again what is stored before it uses a refresh token, which works only once.
 */
export class Refresher {
  readonly #dependencies: RefresherDependencies;
  readonly #store: RefreshedStore;
  readonly #refreshes = new SharedWork<Entry>();
  /** What is still done under a lock, a little longer than callers wait for it. */
  readonly #holding = new Set<Promise<unknown>>();

  constructor(dependencies: RefresherDependencies) {
    this.#dependencies = dependencies;
    this.#store = new RefreshedStore(dependencies);
  }

  /** Waits for the refreshes under way, and tries again to store what could not be stored; for a shutdown. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#holding);
    await this.#store.saveAll();
  }

  /**
   * Resolves with the account's refreshed record, stored. If the stored one is no longer `seen`, another window has
   * refreshed it, and that one is the answer.
   * @throws Problem `needsSignIn`, `notSignedIn`, `staleWindow`, `accountMismatch`, or a passing one
   */
  refresh(seen: Credential): Promise<Entry> {
    return this.#refreshes.run(seen.id, () => this.#refreshUnderLock(seen));
  }

  #refreshUnderLock(seen: Credential): Promise<Entry> {
    const { lock, refreshNotes } = this.#dependencies;
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    // Read while the lock is taken. It still counts if that took no time: a window that noted something after this read
    // and has released the lock has stored its tokens as well.
    const since = performance.now();
    const early = refreshNotes.read(seen);
    const noteNow = () => (performance.now() - since < atOnceMs ? early : refreshNotes.read(seen));
    const holding = lock
      .hold(
        seen.id,
        async () => this.#refreshInTurn(seen, await noteNow(), resolve),
        () => this.#refreshedByAnother(seen),
      )
      .then(resolve, reject)
      .finally(() => this.#holding.delete(holding));
    this.#holding.add(holding);
    return promise;
  }

  /** The record as another window has refreshed it. The note tells, which is cheaper to read than a secret. */
  async #refreshedByAnother(seen: Credential): Promise<Entry | undefined> {
    const { refreshNotes, accounts } = this.#dependencies;
    if (!isSuperseded(seen, await refreshNotes.read(seen))) return undefined;
    const entry = await accounts.reread(seen.id);
    return entry && hasNewTokens(entry.credential, seen) ? entry : undefined;
  }

  /** To be called with the lock held. */
  async #refreshInTurn(seen: Credential, noted: RefreshNote | undefined, onStored: OnStored): Promise<Entry> {
    const { accounts, refreshNotes } = this.#dependencies;
    let note = noted;
    for (let olderReads = 0; ; note = await refreshNotes.read(seen)) {
      const entry = await accounts.reread(seen.id);
      if (!entry) throw new Problem("notSignedIn");
      const { credential } = entry;
      if (hasNewTokens(credential, seen)) return entry;
      if (credential.origin === "linked") return this.#refreshLinked(credential, onStored);
      if (isSuperseded(credential, note)) {
        await this.#assertAccepted(credential);
        // The newer tokens were stored before they were noted, so another read finds them, or nothing will.
        olderReads += 1;
        if (olderReads >= maxReads) throw this.#newestNotFound(credential);
      } else if (await this.#isFree(credential, note)) return this.#useRefreshToken(credential, note, onStored);
    }
  }

  /** Whether nobody else may be using the refresh token. Waits where somebody may; then the record is to be read again. */
  async #isFree(credential: HeldCredential, note: RefreshNote | undefined): Promise<boolean> {
    if (credential.handOff) {
      await this.#dependencies.settleHandOff(credential);
      return false;
    }
    await this.#assertAccepted(credential);
    if (!this.#isUsedByAnother(credential, note)) return true;
    await delay(this.#dependencies.clock, checkAgainMs);
    return false;
  }

  /** @throws Problem `needsSignIn`, `staleWindow` */
  async #assertAccepted({ rejected }: HeldCredential): Promise<void> {
    if (rejected) throw new Problem("needsSignIn", rejected);
    await this.#dependencies.assertCurrent();
  }

  /** What was read may be an older value all the same, so nothing is stored. */
  #newestNotFound(credential: HeldCredential): Problem {
    const { accounts, log } = this.#dependencies;
    log.warn("The refresh token is not the newest, and the newest was not found");
    accounts.showAsRejected({ ...credential, rejected: "reused" });
    return new Problem("needsSignIn", "reused");
  }

  /** Whether a window that lost the lock, or was killed a moment ago, may still be waiting for the issuer's answer. */
  #isUsedByAnother({ tokens }: HeldCredential, note: RefreshNote | undefined): boolean {
    if (note?.spending !== fingerprintOf(tokens.refreshToken)) return false;
    return Math.abs(this.#dependencies.clock.now() - note.at) < answerMs;
  }

  async #useRefreshToken(
    credential: HeldCredential,
    note: RefreshNote | undefined,
    onStored: OnStored,
  ): Promise<Entry> {
    const { accounts, clock } = this.#dependencies;
    const { sequence, tokens, receivedAt } = credential;
    const hash = fingerprintOf(tokens.refreshToken);
    const asked = this.#askIssuer(credential);
    const noted = this.#note(credential, { sequence, hash, spending: hash, at: clock.now() });
    try {
      return await this.#keep(credential, await asked, onStored, noted);
    } catch (error) {
      await noted;
      // No answer is waited for any more. If one was lost, the token may be used up; the next try will find out.
      await this.#note(credential, { sequence, hash, at: note?.at ?? receivedAt });
      for (let reads = 0; reads < (error instanceof RefreshRejected ? maxReads : 1); reads += 1) {
        const changed = await accounts.reread(credential.id);
        if (changed && hasNewTokens(changed.credential, credential)) return changed;
      }
      throw await this.#failure(credential, error);
    }
  }

  #askIssuer(credential: HeldCredential): Promise<RefreshedTokens<HeldCredential>> {
    const { refreshers } = this.#dependencies;
    return credential.origin === "own" ? refreshers.own.refresh(credential) : refreshers.copied.refresh(credential);
  }

  /** A linked login is refreshed by its owner, who alone has its refresh token. */
  async #refreshLinked(credential: LinkedCredential, onStored: OnStored): Promise<Entry> {
    try {
      const refreshed = await this.#dependencies.refreshers.linked.refresh(credential);
      const { rejected: _rejected, ...accepted } = credential;
      return await this.#keep<LinkedCredential>(accepted, refreshed, onStored);
    } catch (error) {
      throw await this.#failure(credential, error);
    }
  }

  /** What callers get from a refresh that failed; that the login has ended is stored. */
  async #failure(credential: Credential, error: unknown): Promise<unknown> {
    if (!(error instanceof RefreshRejected)) return error;
    this.#dependencies.log.warn(`The refresh token was rejected: ${error.detail}`);
    await this.#store.save({ ...credential, rejected: error.reason });
    return new Problem("needsSignIn", error.reason);
  }

  /** Stores what a refresh brought. @param noted settles when it has been noted that the refresh token is in use */
  async #keep<C extends Credential>(
    credential: C,
    { tokens, date }: RefreshedTokens<C>,
    onStored: OnStored,
    noted?: Promise<void>,
  ): Promise<Entry> {
    const { accounts, clock } = this.#dependencies;
    const merged = mergeTokens<C["tokens"]>(credential.tokens, tokens);
    if (merged === undefined) throw await this.#otherAccount(credential, tokens.refreshToken);
    const now = clock.now();
    const { issuedAt, expiresAt } = tokens.accessToken ? merged.claims : {};
    const next: C = {
      ...credential,
      tokens: merged.tokens,
      sequence: credential.sequence + 1,
      lastRefreshAt: now,
      receivedAt: tokens.accessToken ? now : credential.receivedAt,
      clockOffset:
        credential.origin === "linked"
          ? clockOffsetOfLogin(now, issuedAt)
          : (clockOffset(clock, date, issuedAt, expiresAt) ?? credential.clockOffset),
    };
    const current = accounts.entry(credential.id);
    if (current && current.credential.signedInAt !== credential.signedInAt) return current;
    await this.#store.save(next);
    const stored = accounts.entry(next.id);
    if (stored) onStored(stored);
    // Nothing else is waited for before the record is stored: a window that is killed until then loses the sign-in.
    await noted;
    await this.#note(next, { sequence: next.sequence, hash: fingerprintOf(next.tokens.refreshToken), at: now });
    if (!stored) return this.#abandon(next);
    this.#dropIfSignedOut(next);
    return stored;
  }

  /** The answer was for another account, so it is not used. */
  async #otherAccount(credential: Credential, refreshToken: string | undefined): Promise<Problem> {
    // The CLI is signed in as somebody else, and may change back: its own login was not refused.
    if (credential.origin === "linked") await this.#store.save({ ...credential, rejected: "revoked" });
    // Where the answer had a refresh token, ours is used up.
    else if (refreshToken) await this.#store.save({ ...credential, rejected: "rejected" });
    return new Problem("accountMismatch");
  }

  /** A sign-out takes no lock, and may have come while the tokens were stored. */
  #dropIfSignedOut(credential: Credential): void {
    const { accounts, log } = this.#dependencies;
    accounts
      .dropIfSignedOut(credential)
      .then((dropped) => (dropped ? this.#abandon(credential) : undefined))
      .catch((error: unknown) => log.debug(`After a refresh: ${describeError(error)}`));
  }

  /** Signed out meanwhile: the new tokens must not stay valid at the issuer. */
  async #abandon({ origin, issuer, tokens }: Credential): Promise<never> {
    if (origin === "own") await this.#dependencies.revoke(issuer, tokens.refreshToken).catch(() => {});
    throw new Problem("notSignedIn");
  }

  async #note(credential: Credential, note: Omit<RefreshNote, "account">): Promise<void> {
    if (credential.origin === "linked") return;
    const { refreshNotes, log } = this.#dependencies;
    await refreshNotes
      .write(credential, note)
      .catch((error: unknown) => log.warn(`A refresh could not be noted: ${describeError(error)}`));
  }
}

/** Whether `stored` has other tokens than `seen`. */
function hasNewTokens(stored: Credential, seen: Credential): boolean {
  return (
    stored.tokens.accessToken !== seen.tokens.accessToken || stored.tokens.refreshToken !== seen.tokens.refreshToken
  );
}
