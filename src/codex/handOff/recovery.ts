import type { Disposable } from "../../platform/disposables.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { type SettleDependencies, settleHandOff } from "./settle.ts";

export interface HandOffRecoveryDependencies extends SettleDependencies {
  log: Logger;
}

/** Settles every hand-off that a crash has cut off. */
export class HandOffRecovery {
  readonly #dependencies: HandOffRecoveryDependencies;
  readonly #subscription: Disposable;
  /** By account. */
  readonly #settling = new Map<string, Promise<void>>();
  #isDisposed = false;

  constructor(dependencies: HandOffRecoveryDependencies) {
    this.#dependencies = dependencies;
    this.#subscription = dependencies.accounts.onDidChange(() => this.#settleAll());
    this.#settleAll();
  }

  /** Ends a hand-off of an account, whether it was cut off or is under way in another window. Never rejects. */
  async end(id: string): Promise<void> {
    const { accounts } = this.#dependencies;
    // Another window may just have begun it.
    const entry = await accounts.reread(id).catch(() => accounts.entry(id));
    if (entry?.credential.handOff) this.#settle(id);
    await this.#settling.get(id);
  }

  /** Resolves when nothing is being settled. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#subscription.dispose();
    await Promise.all(this.#settling.values());
  }

  #settleAll(): void {
    const { accounts } = this.#dependencies;
    for (const { id } of accounts.state.accounts) {
      if (accounts.entry(id)?.credential.handOff) this.#settle(id);
    }
  }

  /** A hand-off that runs holds the lock until it is over; what is left of it then was cut off by a crash. */
  #settle(id: string): void {
    if (this.#settling.has(id)) return;
    const { accounts, lock, log } = this.#dependencies;
    const settling = lock
      .hold(id, async () => {
        const entry = await accounts.reread(id);
        if (entry && !this.#isDisposed) await settleHandOff(this.#dependencies, entry.credential);
      })
      .catch((error: unknown) => log.error(`A hand-off to the Codex CLI is not settled: ${describeError(error)}`))
      .finally(() => this.#settling.delete(id));
    this.#settling.set(id, settling);
  }
}
