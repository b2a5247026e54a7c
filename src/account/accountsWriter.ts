import { isDeepStrictEqual } from "node:util";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { type AccountIndex, generationOf, withFound, withLeft } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { Credential } from "./credential.ts";
import type { FoundRecords } from "./foundRecords.ts";
import { holdUnlessStuck, type Releases } from "./holdUnlessStuck.ts";
import type { SecretStore } from "./secretStore.ts";

/** Held while the index is read and written, so that no change is lost when two windows write at the same moment. */
const indexLock = "accounts-index";

/** How often an index is written again that does not seem to be stored. */
const maxRewrites = 2;

/** The index after a change; the same object when there is nothing to change. */
type IndexChange = (index: AccountIndex) => AccountIndex;

export interface AccountsWriterDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  lock: Lock;
  releases: Releases;
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
    try {
      await store.writeCredential(credential);
    } catch (error) {
      // A write that was reported as failed may have succeeded.
      if (!isProblem(error, "saveFailed") || !(await store.isStored(credential))) throw error;
    }
    memory.adopt(credential, reader.noticeWithout(credential.id));
  }

  /**
   * Deletes the record of a sign-in that has ended according to the index. Never throws.
   * @returns whether the keyring has reported it as deleted
   */
  async deleteRecord(id: string): Promise<boolean> {
    const { store, log } = this.#dependencies;
    try {
      await store.deleteCredential(id);
      return true;
    } catch (error) {
      log.error(`The record of a sign-in that has ended could not be deleted: ${describeError(error)}`);
      return false;
    }
  }

  /**
   * Reads the index, merges it with what is known, changes it and writes it, while no other window does; also when
   * another one does not let go of the lock: indexes can be merged, and what is lost is noticed and written again.
   * @param options how long to wait for the lock, ms; by default that of the lock
   */
  changeIndex(change: IndexChange, { patienceMs }: { patienceMs?: number } = {}): Promise<void> {
    const options = { ...this.#dependencies, patienceMs };
    return holdUnlessStuck(options.lock, indexLock, () => this.#changeIndex(change), options);
  }

  /** Writes again what another window has dropped from the index by mistake. */
  completeIndex(): Promise<void> {
    return this.changeIndex((index) => (this.#dependencies.reader.isIncomplete ? { ...index } : index));
  }

  /** Writes an index that names what was found, and which sign-ins that have ended have left something. */
  noteFound(found: FoundRecords): Promise<void> {
    return this.changeIndex((index) => found.remains.reduce(withLeft, withFound(index, found.unnamed)));
  }

  async #changeIndex(change: IndexChange): Promise<void> {
    const { store, memory, reader } = this.#dependencies;
    await reader.readIndex();
    const changed = change(memory.index);
    if (changed === memory.index) return;
    let next = { ...changed, generation: generationOf(memory.index) + 1 };
    for (let tries = 0; ; tries += 1) {
      const options = { copyOnly: reader.isBlind };
      await store.writeIndex(next, options);
      memory.mergeIndex(next);
      if (tries === maxRewrites || (await store.isIndexStored(next, options))) return;
      // It was lost, or another window has written at the same time.
      await reader.readIndex().catch(() => {});
      const isSame = isDeepStrictEqual(memory.index, next);
      next = isSame ? next : { ...memory.index, generation: generationOf(memory.index) + 1 };
    }
  }
}
