import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { latestSignIn, type SignInRef, withFound, withoutAccount } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential } from "./credential.ts";
import { laterThan } from "./recordOrder.ts";
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
  failedNotes: Pick<SignInNotes, "list" | "remove">;
  lock: Lock;
  clock: Pick<Clock, "now">;
  log: Logger;
  /** Called when the index says of a failed sign-in that it has ended. */
  onEnded: () => void;
  /** Runs work when no other change of what is stored is under way. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
}

/**
 * Completes sign-ins whose window ended between the storing of the record and of the index: puts the account into the
 * index, unless the sign-in has ended. Undoes those that were reported as failed and could not be undone by their window.
 * Not every host lists its secrets, so their notes tell where to look.
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
    const { signInNotes, failedNotes, memory } = this.#dependencies;
    const failed = await failedNotes.list();
    for (const noted of failed) memory.refuse(noted);
    for (const noted of failed) await this.#underLock(noted, () => this.#undo(noted));
    for (const noted of await signInNotes.list()) await this.#underLock(noted, () => this.#complete(noted));
  }

  async #underLock({ id }: SignInRef, work: () => Promise<void>): Promise<void> {
    const { lock, inTurn, log } = this.#dependencies;
    try {
      // Whoever is still storing or undoing it holds this lock.
      await lock.hold(id, () => inTurn(work));
    } catch (error) {
      log.debug(`An interrupted sign-in was not completed or undone: ${describeError(error)}`);
    }
  }

  /** Lets the index say that a failed sign-in has ended, so that what is left of it is revoked and deleted. */
  async #undo(noted: SignInRef): Promise<void> {
    const { store, memory, reader, writer, failedNotes, clock, onEnded } = this.#dependencies;
    const { id, signedInAt } = noted;
    if (!isNoted(noted, await failedNotes.list())) return;
    const status = await reader.readIndex();
    if (status === "failed" || status === "newer") return;
    const { ids } = memory.index;
    const isOthers = ids.includes(id) && latestSignIn(memory.index, id) !== signedInAt;
    const restored = await this.#restoredAfter(noted);
    if (!isOthers && restored) {
      // The index has been written all the same, but its window has restored the record before it.
      await writer.changeIndex((index) => withFound(index, [restored]));
      return failedNotes.remove(noted);
    }
    if (!isOthers) {
      await writer.changeIndex((index) => withoutAccount(index, noted, { left: true }));
      memory.follow(memory.state.notice);
      onEnded();
      return failedNotes.remove(noted);
    }
    // Another sign-in of the account is signed in, whose record this one may have replaced, or replaces late.
    const record = await store.readCredential(id);
    const isStored = record.status === "found" && record.credential.signedInAt === signedInAt;
    const known = memory.newest(id, { status: "none" })?.credential;
    if (isStored && known) await store.writeCredential(laterThan(signedInAt, known));
    else if (isStored) await writer.deleteRecord(id);
    else if (record.status === "found" || clock.now() - signedInAt > longestSearchMs) await failedNotes.remove(noted);
  }

  /** The account's record if it is that of a later sign-in than this one. @throws Problem when it cannot be read */
  async #restoredAfter({ id, signedInAt }: SignInRef): Promise<Credential | undefined> {
    const { store, memory } = this.#dependencies;
    const newest = memory.newest(id, await store.readCredential(id))?.credential;
    return newest && newest.signedInAt > signedInAt ? newest : undefined;
  }

  async #complete(noted: SignInRef): Promise<void> {
    const { store, memory, reader, writer, signInNotes, clock, log } = this.#dependencies;
    const { id } = noted;
    // While the lock was waited for, its window may have stored it, or have failed to.
    if (!isNoted(noted, await signInNotes.list())) return;
    const status = await reader.readIndex();
    if (status === "failed" || status === "newer") return;
    const record = await store.readCredential(id);
    const isFound = record.status === "found" && record.credential.signedInAt > latestSignIn(memory.index, id);
    if (isFound && !memory.isRefused(record.credential)) {
      log.warn("A sign-in was completed whose window had ended while it was being stored");
      await writer.changeIndex((index) => withFound(index, [record.credential]));
      reader.remember(true);
      memory.adopt(memory.newest(id, record)?.credential ?? record.credential, reader.noticeWithout(id));
    }
    // One that reads as missing may be there all the same.
    const isOver = clock.now() - noted.signedInAt > longestSearchMs;
    const isNamed = !reader.isBlind && latestSignIn(memory.index, id) >= noted.signedInAt;
    if (isOver || isNamed) await signInNotes.remove(noted);
  }
}

function isNoted({ id, signedInAt }: SignInRef, notes: readonly SignInRef[]): boolean {
  return notes.some((note) => note.id === id && note.signedInAt === signedInAt);
}
