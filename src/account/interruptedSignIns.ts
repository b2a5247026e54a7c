import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { latestSignIn, type SignInRef, withFound } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { SecretStore } from "./secretStore.ts";
import type { SignInNotes } from "./signInNotes.ts";

/** How long a record is looked for that reads as missing, ms. */
const longestSearchMs = 30 * 24 * 60 * 60_000;

export interface InterruptedSignInsDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
  signInNotes: Pick<SignInNotes, "list" | "remove">;
  lock: Lock;
  clock: Pick<Clock, "now">;
  log: Logger;
  /** Runs work when no other change of what is stored is under way. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
}

/**
 * Completes sign-ins whose window ended between the storing of the record and of the index: puts the account into the
 * index, unless the sign-in has ended. Not every host lists its secrets, so their notes tell where to look.
 */
export class InterruptedSignIns {
  readonly #dependencies: InterruptedSignInsDependencies;
  #completing: Promise<void> | undefined;

  constructor(dependencies: InterruptedSignInsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks at all notes. Never rejects; what fails is tried at the next call. */
  complete(): Promise<void> {
    this.#completing ??= this.#completeAll().finally(() => {
      this.#completing = undefined;
    });
    return this.#completing;
  }

  async #completeAll(): Promise<void> {
    const { signInNotes, lock, inTurn, log } = this.#dependencies;
    for (const noted of await signInNotes.list()) {
      try {
        // Whoever is still storing it holds this lock.
        await lock.hold(noted.id, () => inTurn(() => this.#complete(noted)));
      } catch (error) {
        log.debug(`An interrupted sign-in was not completed: ${describeError(error)}`);
      }
    }
  }

  async #complete(noted: SignInRef): Promise<void> {
    const { store, memory, reader, writer, signInNotes, clock, log } = this.#dependencies;
    const { id } = noted;
    const status = await reader.readIndex();
    if (status === "failed" || status === "newer") return;
    const record = await store.readCredential(id);
    const isFound = record.status === "found" && record.credential.signedInAt > latestSignIn(memory.index, id);
    if (isFound) {
      log.warn("A sign-in was completed whose window had ended while it was being stored");
      await writer.changeIndex((index) => withFound(index, [record.credential]));
      reader.remember(true);
      memory.adopt(memory.newest(id, record)?.credential ?? record.credential, reader.noticeWithout(id));
    }
    // One that reads as missing may be there all the same.
    const isOver = clock.now() - noted.signedInAt > longestSearchMs;
    if (isOver || latestSignIn(memory.index, id) >= noted.signedInAt) await signInNotes.remove(noted);
  }
}
