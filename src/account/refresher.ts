import type { TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import { RefreshRejected } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import { clockOffset } from "../platform/issuerClock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem, Problem } from "../platform/problem.ts";
import type { Accounts } from "./accounts.ts";
import { type Credential, claimsOf } from "./credential.ts";
import { hashOf, isStale, type Rotations } from "./rotations.ts";
import type { Entry } from "./state.ts";

export interface RefresherParts {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  lock: Lock;
  rotations: Rotations;
  clock: Clock;
  log: Logger;
  /** When this window's view of the secrets was made, where reading them again shows nothing new (the web). */
  secretsLoadedAt: number | undefined;
}

/** Waits between tries to store tokens that the issuer has already renewed, ms. */
const saveRetriesMs = [200, 1_000, 5_000, 30_000];

/**
 * Renews an account's tokens: once for everybody. Callers of one window share one flight; windows and processes take
 * turns under a lock, and each reads again what is stored before it spends a refresh token, which works only once.
 */
export class Refresher {
  readonly #parts: RefresherParts;
  readonly #flights = new Map<string, Promise<Entry>>();

  constructor(parts: RefresherParts) {
    this.#parts = parts;
  }

  /** The refreshes under way; a shutdown waits for them. */
  get inFlight(): Promise<unknown> {
    return Promise.allSettled(this.#flights.values());
  }

  /**
   * Resolves with the account's renewed record, stored. If the stored one is no longer `seen`, somebody else has
   * renewed it, and that one is the answer.
   * @throws Problem `needsSignIn`, `notSignedIn`, `staleWindow`, `accountMismatch`, or a passing one
   */
  refresh(seen: Credential): Promise<Entry> {
    const running = this.#flights.get(seen.id);
    if (running) return running;
    const flight = this.#parts.lock
      .hold(seen.id, () => this.#refreshAlone(seen))
      .finally(() => this.#flights.delete(seen.id));
    this.#flights.set(seen.id, flight);
    return flight;
  }

  async #refreshAlone(seen: Credential): Promise<Entry> {
    const { accounts, rotations, log, clock } = this.#parts;
    const entry = await accounts.reread(seen.id);
    if (!entry) throw new Problem("notSignedIn");
    const { credential } = entry;
    if (hasNewTokens(credential, seen)) return entry;
    if (credential.rejected) throw new Problem("needsSignIn", credential.rejected);
    const rotation = await rotations.read(credential.id);
    if (isStale(credential, rotation, this.#parts.secretsLoadedAt)) throw new Problem("staleWindow");

    const spending = hashOf(credential.tokens.refreshToken);
    const { id, sequence } = credential;
    await this.#note({ account: id, sequence, hash: rotation?.hash ?? "", spending, at: clock.now() });
    try {
      const refreshed = await this.#parts.tokenEndpoint(credential.issuer).refresh(credential.tokens.refreshToken);
      return await this.#keep(entry, refreshed.tokens, refreshed.date);
    } catch (error) {
      const changed = await accounts.reread(id);
      if (changed && hasNewTokens(changed.credential, credential)) return changed;
      if (!(error instanceof RefreshRejected)) {
        // Only an answer that got lost leaves it open whether the token is spent.
        if (!isProblem(error, "answerLost", "unreadableAnswer")) {
          await this.#note({ account: id, sequence, hash: spending, at: rotation?.at ?? credential.receivedAt });
        }
        throw error;
      }
      log.warn(`The refresh token was rejected: ${error.detail}`);
      await accounts.put({ ...credential, rejected: error.reason });
      throw new Problem("needsSignIn", error.reason);
    }
  }

  async #keep(before: Entry, tokens: Partial<Credential["tokens"]>, date: string | undefined): Promise<Entry> {
    const { accounts, clock, log } = this.#parts;
    const { credential, claims } = before;
    const merged = { ...credential.tokens, ...tokens };
    const renewed = claimsOf(merged);
    if (renewed.accountId !== claims.accountId || renewed.userId !== claims.userId) {
      throw new Problem("accountMismatch");
    }
    const now = clock.now();
    const next: Credential = {
      ...credential,
      tokens: merged,
      sequence: credential.sequence + 1,
      lastRefreshAt: now,
      receivedAt: tokens.accessToken ? now : credential.receivedAt,
      clockOffset: clockOffset(clock, date, tokens.accessToken ? renewed.issuedAt : undefined),
    };

    const current = await accounts.reread(credential.id);
    if (!current) {
      // Signed out meanwhile: what just came must not live on at the issuer.
      await this.#parts.revoke(credential.issuer, merged.refreshToken).catch(() => {});
      throw new Problem("notSignedIn");
    }
    if (current.credential.signedInAt !== credential.signedInAt) return current;
    try {
      await accounts.put(next);
    } catch (error) {
      log.error(`The renewed tokens could not be stored yet: ${describeError(error)}`);
      accounts.keepInMemory(next);
      this.#storeLater(next, 0);
    }
    await this.#note({ account: next.id, sequence: next.sequence, hash: hashOf(merged.refreshToken), at: now });
    const stored = accounts.entry(next.id);
    if (!stored) throw new Problem("notSignedIn");
    return stored;
  }

  #storeLater(credential: Credential, attempt: number): void {
    const wait = saveRetriesMs[Math.min(attempt, saveRetriesMs.length - 1)] ?? 0;
    this.#parts.clock.after(wait, async () => {
      const current = this.#parts.accounts.entry(credential.id);
      if (current?.credential.sequence !== credential.sequence) return;
      await this.#parts.accounts.put(current.credential).catch(() => this.#storeLater(credential, attempt + 1));
    });
  }

  async #note(rotation: Parameters<Rotations["write"]>[0]): Promise<void> {
    await this.#parts.rotations
      .write(rotation)
      .catch((error: unknown) => this.#parts.log.warn(`The rotation was not noted: ${describeError(error)}`));
  }
}

/** Whether `stored` holds other tokens than the ones a caller has. */
function hasNewTokens(stored: Credential, seen: Credential): boolean {
  return (
    stored.tokens.accessToken !== seen.tokens.accessToken || stored.tokens.refreshToken !== seen.tokens.refreshToken
  );
}
