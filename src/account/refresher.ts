import { RefreshRejected } from "../oauth/tokenEndpoint.ts";
import { delay } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { SharedWork } from "../platform/sharedWork.ts";
import { Problem } from "../shared/problem.ts";
import { type Credential, claimsOf, type HeldCredential, type LinkedCredential } from "./credential.ts";
import { fingerprintOf, isSuperseded, type RefreshNote } from "./refreshNotes.ts";
import { type OnStored, RefreshOutcomes, type RefreshOutcomesDependencies } from "./refreshOutcomes.ts";
import type { SpendingClaims } from "./spendingClaims.ts";
import type { Entry } from "./state.ts";
import type { RefreshedTokens, TokenRefreshers } from "./tokenRefresher.ts";
import type { WorkspacePolicy } from "./workspacePolicy.ts";

export interface RefresherDependencies extends RefreshOutcomesDependencies {
  refreshers: TokenRefreshers;
  lock: Lock;
  policy: WorkspacePolicy;
  spendingClaims: SpendingClaims;
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

/** How often to check whether an answer that another window waits for has come. */
const checkAgainMs = 500;
/** How often newer tokens that must exist are looked for: a keyring may now and then answer with an older value. */
const maxReads = 3;

/** One window's turn at refreshing an account. */
interface Turn {
  readonly seen: Credential;
  /** Releases the claim on the refresh token; undefined while another window has it. */
  claim: (() => Promise<void>) | undefined;
  /** How often what was read was older than what was noted. */
  olderReads: number;
}

/**
 * Refreshes an account's tokens, once for everybody. Callers of one window share one refresh; windows and processes take
 * turns under a lock, and each reads again what is stored before it uses a refresh token, which works only once.
 */
export class Refresher {
  readonly #dependencies: RefresherDependencies;
  readonly #outcomes: RefreshOutcomes;
  readonly #refreshes = new SharedWork<Entry>();
  /** What is still done under a lock, a little longer than callers wait for it. */
  readonly #holding = new Set<Promise<unknown>>();

  constructor(dependencies: RefresherDependencies) {
    this.#dependencies = dependencies;
    this.#outcomes = new RefreshOutcomes(dependencies);
  }

  /** Waits for the refreshes under way, and tries again to store what could not be stored; for a shutdown. */
  async settle(): Promise<void> {
    // There may be no time to wait for the refreshes.
    await this.#outcomes.saveAll();
    await Promise.allSettled(this.#holding);
    await this.#outcomes.saveAll();
  }

  /**
   * Resolves with the account's refreshed record, stored. If the stored one is no longer `seen`, another window has
   * refreshed it, and that one is the answer.
   * @throws Problem `needsSignIn`, `notSignedIn`, `staleWindow`, `accountMismatch`, for an account that may not be used
   * `accountNotAllowed` or `allowedWorkspacesUnusable`, or a passing one
   */
  async refresh(seen: Credential): Promise<Entry> {
    this.#dependencies.policy.assertAllowed(claimsOf(seen.tokens));
    return this.#refreshes.run(seen.id, () => this.#refreshUnderLock(seen));
  }

  #refreshUnderLock(seen: Credential): Promise<Entry> {
    const { lock, refreshNotes } = this.#dependencies;
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    // Read while the lock is taken. It counts if nobody had the lock: a window that noted something after this read and
    // has released the lock has stored its tokens as well.
    const early = refreshNotes.read(seen);
    let isTakenAtOnce = true;
    const holding = lock
      .hold(
        seen.id,
        async () => this.#refreshInTurn(seen, await (isTakenAtOnce ? early : refreshNotes.read(seen)), resolve),
        () => {
          isTakenAtOnce = false;
          return this.#refreshedByAnother(seen);
        },
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
    return entry && isRefreshed(entry.credential, seen) ? entry : undefined;
  }

  /** To be called with the lock held, which may be lost all the same: then the claim keeps others from the token. */
  async #refreshInTurn(seen: Credential, noted: RefreshNote | undefined, onStored: OnStored): Promise<Entry> {
    const { refreshNotes } = this.#dependencies;
    const turn: Turn = { seen, claim: undefined, olderReads: 0 };
    try {
      for (let note = noted; ; note = await refreshNotes.read(seen)) {
        const entry = await this.#claimAndRead(turn);
        const { credential } = entry;
        if (isRefreshed(credential, seen)) return entry;
        if (credential.origin === "linked") return await this.#refreshLinked(credential, onStored);
        // An answer without an access token has brought a new refresh token.
        const isOther = credential.tokens.refreshToken !== seen.tokens.refreshToken;
        if (isOther) return await this.#refreshInTurn(credential, note, onStored);
        if (await this.#isFree(credential, note, turn)) return await this.#useRefreshToken(credential, onStored);
      }
    } finally {
      await turn.claim?.();
    }
  }

  /** Reads the record again, after the claim was made: whoever had one before has stored by then what it got. */
  async #claimAndRead(turn: Turn): Promise<Entry> {
    const { accounts, spendingClaims } = this.#dependencies;
    const { seen } = turn;
    if (seen.origin !== "linked")
      turn.claim ??= await spendingClaims.take(seen, fingerprintOf(seen.tokens.refreshToken));
    const entry = await accounts.reread(seen.id);
    if (!entry) throw new Problem("notSignedIn");
    return entry;
  }

  /** Whether nobody else may be using the refresh token. Waits where somebody may; then the record is to be read again. */
  async #isFree(credential: HeldCredential, note: RefreshNote | undefined, turn: Turn): Promise<boolean> {
    if (isSuperseded(credential, note)) {
      await this.#assertAccepted(credential);
      // The newer tokens were stored before they were noted, so another read finds them, or nothing will.
      turn.olderReads += 1;
      if (turn.olderReads >= maxReads) throw this.#newestNotFound(credential);
      return false;
    }
    if (credential.handOff) {
      await this.#dependencies.settleHandOff(credential);
      return false;
    }
    await this.#assertAccepted(credential);
    if (turn.claim) return true;
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

  async #useRefreshToken(credential: HeldCredential, onStored: OnStored): Promise<Entry> {
    const asked = await this.#askIssuer(credential).catch((error: unknown) => ({ error }));
    return "error" in asked
      ? this.#afterFailure(credential, asked.error)
      : this.#outcomes.keep(credential, asked, onStored);
  }

  /** If the answer was lost, the refresh token may be used up; the next try will find out. */
  async #afterFailure(credential: HeldCredential, error: unknown): Promise<Entry> {
    for (let reads = 0; reads < (error instanceof RefreshRejected ? maxReads : 1); reads += 1) {
      const changed = await this.#dependencies.accounts.reread(credential.id);
      if (changed && isRefreshed(changed.credential, credential)) return changed;
    }
    throw await this.#outcomes.failed(credential, error);
  }

  async #askIssuer(credential: HeldCredential): Promise<RefreshedTokens<HeldCredential>> {
    const { refreshers, clock } = this.#dependencies;
    const askedAt = clock.now();
    const { own, copied } = refreshers;
    const asked = await (credential.origin === "own" ? own.refresh(credential) : copied.refresh(credential));
    return { ...asked, askedAt };
  }

  /** A linked login is refreshed by its owner, who alone has its refresh token. */
  async #refreshLinked(credential: LinkedCredential, onStored: OnStored): Promise<Entry> {
    const { rejected: _rejected, ...accepted } = credential;
    const asked = await this.#dependencies.refreshers.linked.refresh(credential).catch((error: unknown) => ({ error }));
    if ("error" in asked) throw await this.#outcomes.failed(credential, asked.error);
    return this.#outcomes.keep<LinkedCredential>(accepted, asked, onStored);
  }
}

/** Whether `stored` has another access token than `seen`, or the login has another owner by now. */
function isRefreshed(stored: Credential, seen: Credential): boolean {
  const hasNewOwner = (stored.origin === "linked") !== (seen.origin === "linked");
  return hasNewOwner || stored.tokens.accessToken !== seen.tokens.accessToken;
}
