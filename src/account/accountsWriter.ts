import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import { type AccountIndex, generationOf } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { Credential } from "./credential.ts";
import { holdUnlessStuck } from "./holdUnlessStuck.ts";
import type { SecretStore } from "./secretStore.ts";

/** Held while the index is read and written, so that no change is lost when two windows write at the same moment. */
const indexLock = "accounts";

/** The index after a change; undefined when there is nothing to change. */
type IndexChange = (index: AccountIndex) => AccountIndex | undefined;

export interface AccountsWriterDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  lock: Lock;
  log: Logger;
}

/** Writes records and the index, and keeps a window's memory in line with them. Called in turn by `Accounts`. */
export class AccountsWriter {
  readonly #dependencies: AccountsWriterDependencies;

  constructor(dependencies: AccountsWriterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Stores a newer record of an account that is there. @throws as `Accounts.store` */
  async write(credential: Credential): Promise<void> {
    const { store, memory, reader } = this.#dependencies;
    if (!memory.get(credential.id)) throw new Problem("notSignedIn");
    await store.writeCredential(credential);
    memory.adopt(credential, reader.noticeWithout(credential.id));
  }

  /** Deletes the record of a sign-in that has ended according to the index. Never throws. */
  async deleteRecord(id: string): Promise<void> {
    const { store, log } = this.#dependencies;
    try {
      await store.deleteCredential(id);
    } catch (error) {
      log.error(`The record of a sign-in that has ended could not be deleted: ${describeError(error)}`);
    }
  }

  /** Reads the index, changes it and writes it, while no other window does. */
  changeIndex(change: IndexChange): Promise<void> {
    return this.#dependencies.lock.hold(indexLock, () => this.#changeIndex(change));
  }

  /** The same for a sign-in, which must not fail because another window does not let go of the lock. */
  changeIndexUnlessStuck(change: IndexChange): Promise<void> {
    const { lock, log } = this.#dependencies;
    return holdUnlessStuck(lock, indexLock, () => this.#changeIndex(change), log);
  }

  /** Puts an account back into the index that another window has dropped from it by mistake. */
  completeIndex(): Promise<void> {
    return this.changeIndex((index) => (this.#dependencies.reader.isIncomplete ? index : undefined));
  }

  async #changeIndex(change: IndexChange): Promise<void> {
    const { store, memory, reader } = this.#dependencies;
    await reader.readIndex();
    const changed = change(memory.index);
    if (!changed) return;
    const next = { ...changed, generation: generationOf(memory.index) + 1 };
    await store.writeIndex(next, { copyOnly: reader.isBlind });
    memory.replaceIndex(next);
  }
}
