import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential } from "./credential.ts";
import { isNewer } from "./recordOrder.ts";

/** Waits between tries to store a credential, ms. */
const retriesMs = [200, 1_000, 5_000, 30_000];

export interface RefreshedStoreDependencies {
  accounts: Accounts;
  clock: Clock;
  log: Logger;
  /** Called when a credential was stored late: somebody may have signed out meanwhile. */
  onLate: (credential: Credential) => void;
  /** Called with one that was not stored before its sign-in ended: only this window knows its tokens. */
  onEnded: (credential: Credential) => Promise<void>;
  /** Called with one that was not stored before somebody signed in again. */
  onReplaced: (credential: Credential) => Promise<void>;
}

/** What a refresh brought, and the record whose refresh token it has used up. */
interface Refreshed {
  readonly credential: Credential;
  readonly used: Credential;
}

/**
 * Stores what a refresh brought. The old refresh token works no more, so a credential that cannot be stored is used from
 * memory, and stored as soon as it can be.
 */
export class RefreshedStore {
  readonly #dependencies: RefreshedStoreDependencies;
  /** What is not stored yet, by account. */
  readonly #unsaved = new Map<string, Refreshed>();

  constructor(dependencies: RefreshedStoreDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Never rejects.
   * @param used the record whose refresh token was used
   */
  async save(credential: Credential, used: Credential): Promise<void> {
    const { accounts, log } = this.#dependencies;
    const before = accounts.entry(credential.id)?.credential;
    if (before && isNewer(before, credential)) return;
    try {
      await accounts.store(credential);
    } catch (error) {
      const known = accounts.entry(credential.id)?.credential;
      if (!known || isNewer(known, credential)) return;
      log.error(`A refreshed credential could not be stored yet: ${describeError(error)}`);
      accounts.keepInMemory(credential);
      const refreshed = { credential, used };
      this.#unsaved.set(credential.id, refreshed);
      this.#saveLater(refreshed, 1);
    }
  }

  /** Tries again to store what could not be stored; for a shutdown. */
  async saveAll(): Promise<void> {
    await Promise.all([...this.#unsaved.values()].map((refreshed) => this.#saveAgain(refreshed)));
  }

  #saveLater(refreshed: Refreshed, failures: number): void {
    const again = async () => {
      if (!(await this.#saveAgain(refreshed))) this.#saveLater(refreshed, failures + 1);
    };
    this.#dependencies.clock.after(backoff(retriesMs, failures), () => void again());
  }

  /** Resolves with whether there is nothing left to store. */
  async #saveAgain(refreshed: Refreshed): Promise<boolean> {
    const { id } = refreshed.credential;
    if (this.#unsaved.get(id) !== refreshed) return true;
    const done = await this.#saveIfNewest(refreshed).catch(() => false);
    if (done && this.#unsaved.get(id) === refreshed) this.#unsaved.delete(id);
    return done;
  }

  async #saveIfNewest({ credential, used }: Refreshed): Promise<boolean> {
    const { accounts, onLate, onEnded, onReplaced } = this.#dependencies;
    // Meanwhile somebody may have signed in again in another window, or out.
    const current = await accounts.reread(credential.id).then(
      (entry) => entry?.credential,
      () => accounts.entry(credential.id)?.credential,
    );
    if (current === undefined) {
      await onEnded(credential);
      return true;
    }
    if (!isOfSignIn(credential, used, current)) {
      await onReplaced(credential);
      return true;
    }
    const newest = { ...credential, signedInAt: current.signedInAt };
    // The note tells of newer tokens also while nothing can be read.
    if (isNewer(current, newest) || (await accounts.isOlder(newest))) return true;
    const next = isNewer(newest, current) ? newest : current;
    await accounts.store(next);
    onLate(next);
    return true;
  }
}

/**
 * Whether what a refresh brought is of the account's sign-in. A failed sign-in may have stored the record again that was
 * there before it, under a later time.
 * @param used the record whose refresh token was used
 */
export function isOfSignIn(refreshed: Credential, used: Credential, current: Credential): boolean {
  const { refreshToken } = current.tokens;
  const isOne = ({ tokens }: Credential) => refreshToken !== undefined && tokens.refreshToken === refreshToken;
  return current.signedInAt === refreshed.signedInAt || isOne(used) || isOne(refreshed);
}
