import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { Accounts } from "./accounts.ts";
import type { Credential } from "./credential.ts";

/** Waits between tries to store a credential, ms. */
const retriesMs = [200, 1_000, 5_000, 30_000];

export interface RefreshedStoreDependencies {
  accounts: Accounts;
  clock: Clock;
  log: Logger;
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
    try {
      await accounts.store(credential);
    } catch (error) {
      if (!accounts.entry(credential.id)) return;
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
      (await accounts.store(current).then(
        () => true,
        () => false,
      ));
    if (done) this.#unsaved.delete(credential.id);
    return done;
  }
}
