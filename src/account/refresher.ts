import { clockOffset } from "../oauth/clockOffset.ts";
import type { TokenEndpoint, TokenSet } from "../oauth/tokenEndpoint.ts";
import { RefreshRejected } from "../oauth/tokenEndpoint.ts";
import { type Clock, delay } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential } from "./credential.ts";
import { mergeTokens } from "./mergeTokens.ts";
import { hashOf, type RefreshNote, type RefreshNotes } from "./refreshNotes.ts";
import type { Entry } from "./state.ts";

export interface RefresherDependencies {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  lock: Lock;
  refreshNotes: RefreshNotes;
  clock: Clock;
  log: Logger;
  /**
   * Where reading the secrets again shows a window nothing new (the web): checks that nobody has changed them since.
   * @throws Problem `staleWindow`
   */
  assertCurrent?: () => Promise<void>;
  /**
   * Lets the owner of a linked login renew it; resolves with the tokens it has then.
   * @throws RefreshRejected when the login has ended, anything else for what may pass
   */
  refreshLinked?: (credential: Credential) => Promise<Partial<TokenSet>>;
  /**
   * Finds out who owns a login whose hand-over to its next owner was cut off, and stores that.
   * @throws for what may pass; then nothing is spent
   */
  settleHandOff?: (credential: Credential) => Promise<void>;
}

/** Waits between tries to store tokens that the issuer has already renewed, ms. */
const saveRetriesMs = [200, 1_000, 5_000, 30_000];
/** Longer than a request to the issuer can last: who gave it a token this long ago will not hear of it any more. */
const answerMs = 35_000;
/** How often to look whether somebody else's answer has come. */
const lookAgainMs = 500;
/** A lock that was had this quickly was free. */
const atOnceMs = 200;
/** How often newer tokens are looked for that must be there: a keyring may answer with an older value now and then. */
const maxLooks = 3;

/**
 * Renews an account's tokens: once for everybody. Callers of one window share one flight; windows and processes take
 * turns under a lock, and each reads again what is stored before it spends a refresh token, which works only once.
 */
export class Refresher {
  readonly #dependencies: RefresherDependencies;
  readonly #flights = new Map<string, Promise<Entry>>();
  /** What is still to be done under a lock, a little longer than anybody waits for it. */
  readonly #holding = new Set<Promise<unknown>>();
  /** Renewed records that are not stored yet. */
  readonly #unsaved = new Map<string, Credential>();

  constructor(parts: RefresherDependencies) {
    this.#dependencies = parts;
  }

  /** Waits for the refreshes under way, and tries once more to store what could not be stored; for a shutdown. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#holding);
    await Promise.all([...this.#unsaved.values()].map((credential) => this.#storeNow(credential)));
  }

  /**
   * Resolves with the account's renewed record, stored. If the stored one is no longer `seen`, somebody else has
   * renewed it, and that one is the answer.
   * @throws Problem `needsSignIn`, `notSignedIn`, `staleWindow`, `accountMismatch`, or a passing one
   */
  refresh(seen: Credential): Promise<Entry> {
    const running = this.#flights.get(seen.id);
    if (running) return running;
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    // Read while the lock is taken. It still counts if that took no time: who noted something after this read and has
    // let go of the lock before we got it has stored its tokens as well.
    const since = performance.now();
    const early = this.#dependencies.refreshNotes.read(seen);
    const noteNow = () => (performance.now() - since < atOnceMs ? early : this.#dependencies.refreshNotes.read(seen));
    const holding = this.#dependencies.lock
      .hold(
        seen.id,
        async () => this.#refreshAlone(seen, await noteNow(), resolve),
        () => this.#renewedByAnother(seen),
      )
      .then(resolve, reject)
      .finally(() => this.#holding.delete(holding));
    this.#holding.add(holding);
    const flight = promise.finally(() => this.#flights.delete(seen.id));
    this.#flights.set(seen.id, flight);
    return flight;
  }

  /** The record as somebody else has renewed it, told by the note, which is cheaper to read than a secret. */
  async #renewedByAnother(seen: Credential): Promise<Entry | undefined> {
    const refreshNote = await this.#dependencies.refreshNotes.read(seen);
    if (!refreshNote || refreshNote.sequence <= seen.sequence) return undefined;
    const entry = await this.#dependencies.accounts.reread(seen.id);
    return entry && hasNewTokens(entry.credential, seen) ? entry : undefined;
  }

  /** @param serve called as soon as the renewed record is stored, before others are told */
  async #refreshAlone(seen: Credential, noted: RefreshNote | undefined, serve: (entry: Entry) => void): Promise<Entry> {
    const { accounts, refreshNotes, log } = this.#dependencies;
    let refreshNote = noted;
    for (let looks = 0; ; refreshNote = await refreshNotes.read(seen)) {
      const entry = await accounts.reread(seen.id);
      if (!entry) throw new Problem("notSignedIn");
      const { credential } = entry;
      if (hasNewTokens(credential, seen)) return entry;
      if (credential.origin === "linked") return this.#refreshLinked(entry, serve);
      const isOlder = refreshNote !== undefined && refreshNote.sequence > credential.sequence;
      if (credential.handOff && this.#dependencies.settleHandOff && !isOlder) {
        await this.#dependencies.settleHandOff(credential);
        continue;
      }
      if (credential.rejected) throw new Problem("needsSignIn", credential.rejected);
      await this.#dependencies.assertCurrent?.();
      if (isOlder) {
        // It was renewed. What came of it was stored before it was noted, so another look finds it, or nothing will.
        looks += 1;
        if (looks < maxLooks) continue;
        // What was read may be an older value all the same: nothing is stored for it.
        log.warn("The refresh token is not the newest, and the newest was not found");
        accounts.doubt({ ...credential, rejected: "reused" });
        throw new Problem("needsSignIn", "reused");
      }
      if (!this.#isInOtherHands(credential, refreshNote)) return this.#spend(entry, refreshNote, serve);
      await delay(this.#dependencies.clock, lookAgainMs);
    }
  }

  /** Whether somebody who lost the lock, or died a moment ago, may still be waiting for the issuer's answer. */
  #isInOtherHands({ tokens }: Credential, refreshNote: RefreshNote | undefined): boolean {
    if (refreshNote?.spending !== hashOf(tokens.refreshToken)) return false;
    return Math.abs(this.#dependencies.clock.now() - refreshNote.at) < answerMs;
  }

  async #spend(entry: Entry, refreshNote: RefreshNote | undefined, serve: (entry: Entry) => void): Promise<Entry> {
    const { accounts, clock } = this.#dependencies;
    const { credential } = entry;
    const { sequence, tokens } = credential;
    const spending = hashOf(tokens.refreshToken);
    const answer = this.#dependencies.tokenEndpoint(credential.issuer).refresh(tokens.refreshToken);
    const noted = this.#note(credential, { sequence, hash: spending, spending, at: clock.now() });
    try {
      const refreshed = await answer;
      return await this.#keep(entry, refreshed, serve, noted);
    } catch (error) {
      await noted;
      // Nobody waits for an answer any more. If one was lost, the token may be spent; the next try will tell.
      await this.#note(credential, { sequence, hash: spending, at: refreshNote?.at ?? credential.receivedAt });
      for (let looks = 0; looks < (error instanceof RefreshRejected ? maxLooks : 1); looks += 1) {
        const changed = await accounts.reread(credential.id);
        if (changed && hasNewTokens(changed.credential, credential)) return changed;
      }
      if (error instanceof RefreshRejected) return this.#reject(credential, error);
      throw error;
    }
  }

  /** A linked login is renewed by its owner, which alone has its refresh token. */
  async #refreshLinked(entry: Entry, serve: (entry: Entry) => void): Promise<Entry> {
    const { refreshLinked } = this.#dependencies;
    if (!refreshLinked) throw new Problem("needsSignIn", "not linked here");
    try {
      const tokens = await refreshLinked(entry.credential);
      const { rejected: _rejected, ...credential } = entry.credential;
      return await this.#keep({ ...entry, credential }, { tokens }, serve);
    } catch (error) {
      if (error instanceof RefreshRejected) return this.#reject(entry.credential, error);
      throw error;
    }
  }

  async #reject(credential: Credential, { reason, detail }: RefreshRejected): Promise<never> {
    this.#dependencies.log.warn(`The refresh token was rejected: ${detail}`);
    await this.#save({ ...credential, rejected: reason });
    throw new Problem("needsSignIn", reason);
  }

  async #keep(
    before: Entry,
    { tokens, date }: { tokens: Partial<TokenSet>; date?: string | undefined },
    serve: (entry: Entry) => void,
    noted?: Promise<void>,
  ): Promise<Entry> {
    const { accounts, clock } = this.#dependencies;
    const { credential } = before;
    const merged = mergeTokens(before, tokens);
    if (merged === undefined) {
      // The CLI is signed in as somebody else, and may change back: its own login was not refused.
      if (credential.origin === "linked") await this.#save({ ...credential, rejected: "revoked" });
      // Where the answer had a refresh token, ours is spent. What it was for is not ours.
      else if (tokens.refreshToken) await this.#save({ ...credential, rejected: "rejected" });
      throw new Problem("accountMismatch");
    }
    const now = clock.now();
    const { issuedAt, expiresAt } = tokens.accessToken ? merged.claims : {};
    const next: Credential = {
      ...credential,
      tokens: merged.tokens,
      sequence: credential.sequence + 1,
      lastRefreshAt: now,
      receivedAt: tokens.accessToken ? now : credential.receivedAt,
      clockOffset: clockOffset(clock, date, issuedAt, expiresAt) ?? credential.clockOffset,
    };
    const current = accounts.entry(credential.id);
    if (current && current.credential.signedInAt !== credential.signedInAt) return current;
    await this.#save(next);
    const stored = accounts.entry(next.id);
    if (stored) serve(stored);
    // Until the record was stored, nothing else is waited for: a window that is killed in between loses the sign-in.
    await noted;
    await this.#note(next, { sequence: next.sequence, hash: hashOf(next.tokens.refreshToken), at: now });
    if (!stored) return this.#abandon(next);
    this.#dropIfSignedOut(next);
    return stored;
  }

  /** Stores a record; when that fails it is used from memory, and stored as soon as it can be. */
  async #save(credential: Credential): Promise<void> {
    const { accounts, log } = this.#dependencies;
    try {
      await accounts.put(credential);
    } catch (error) {
      if (!accounts.entry(credential.id)) return;
      log.error(`A renewed credential could not be stored yet: ${describeError(error)}`);
      accounts.keepInMemory(credential);
      this.#unsaved.set(credential.id, credential);
      this.#storeLater(credential, 0);
    }
  }

  #storeLater(credential: Credential, attempt: number): void {
    const wait = saveRetriesMs[Math.min(attempt, saveRetriesMs.length - 1)] ?? 0;
    this.#dependencies.clock.after(wait, async () => {
      if (!(await this.#storeNow(credential))) this.#storeLater(credential, attempt + 1);
    });
  }

  /** Resolves with whether there is nothing left to store. */
  async #storeNow(credential: Credential): Promise<boolean> {
    const { accounts } = this.#dependencies;
    if (this.#unsaved.get(credential.id) !== credential) return true;
    // Meanwhile somebody may have signed in again in another window, or out.
    const current = await accounts.reread(credential.id).then(
      (entry) => entry?.credential,
      () => accounts.entry(credential.id)?.credential,
    );
    const replaced = current?.signedInAt !== credential.signedInAt || current.sequence > credential.sequence;
    const done =
      replaced ||
      (await accounts.put(current).then(
        () => true,
        () => false,
      ));
    if (done) this.#unsaved.delete(credential.id);
    return done;
  }

  /** A sign-out takes no lock, and may have come while the tokens were stored. */
  #dropIfSignedOut(credential: Credential): void {
    void this.#dependencies.accounts
      .dropSignedOut(credential)
      .then(async (dropped) => {
        if (dropped) await this.#abandon(credential);
      })
      .catch((error: unknown) => this.#dependencies.log.debug(`After a refresh: ${describeError(error)}`));
  }

  /** Signed out meanwhile: what just came must not live on at the issuer. */
  async #abandon({ origin, issuer, tokens }: Credential): Promise<never> {
    if (origin === "own") await this.#dependencies.revoke(issuer, tokens.refreshToken).catch(() => {});
    throw new Problem("notSignedIn");
  }

  async #note(credential: Credential, refreshNote: Omit<RefreshNote, "account">): Promise<void> {
    if (credential.origin === "linked") return;
    await this.#dependencies.refreshNotes
      .write(credential, refreshNote)
      .catch((error: unknown) => this.#dependencies.log.warn(`The refreshNote was not noted: ${describeError(error)}`));
  }
}

/** Whether `stored` holds other tokens than the ones a caller has. */
function hasNewTokens(stored: Credential, seen: Credential): boolean {
  return (
    stored.tokens.accessToken !== seen.tokens.accessToken || stored.tokens.refreshToken !== seen.tokens.refreshToken
  );
}
