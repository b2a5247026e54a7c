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

/**
 * Stores what a refresh brought. The old refresh token works no more, so a credential that cannot be stored is used from
 * memory, and stored as soon as it can be.
 */
export class RefreshedStore {
  readonly #dependencies: RefreshedStoreDependencies;
  /** What is not stored yet, by account. */
  readonly #unsaved = new Map<string, Credential>();

  constructor(dependencies: RefreshedStoreDependencies) {
    this.#dependencies = dependencies;
  }

  /** Never rejects. */
  async save(credential: Credential): Promise<void> {
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
      this.#unsaved.set(credential.id, credential);
      this.#saveLater(credential, 1);
    }
  }

  /** Tries again to store what could not be stored; for a shutdown. */
  async saveAll(): Promise<void> {
    await Promise.all([...this.#unsaved.values()].map((credential) => this.#saveAgain(credential)));
  }

  #saveLater(credential: Credential, failures: number): void {
    const again = async () => {
      if (!(await this.#saveAgain(credential))) this.#saveLater(credential, failures + 1);
    };
    this.#dependencies.clock.after(backoff(retriesMs, failures), () => void again());
  }

  /** Resolves with whether there is nothing left to store. */
  async #saveAgain(credential: Credential): Promise<boolean> {
    if (this.#unsaved.get(credential.id) !== credential) return true;
    const done = await this.#saveIfNewest(credential).catch(() => false);
    if (done && this.#unsaved.get(credential.id) === credential) this.#unsaved.delete(credential.id);
    return done;
  }

  async #saveIfNewest(credential: Credential): Promise<boolean> {
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
    if (current.signedInAt !== credential.signedInAt) {
      await onReplaced(credential);
      return true;
    }
    // The note tells of newer tokens also while nothing can be read.
    if (isNewer(current, credential) || (await accounts.isOlder(credential))) return true;
    await accounts.store(current);
    onLate(current);
    return true;
  }
}
