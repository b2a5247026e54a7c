import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError } from "../platform/logger.ts";
import { latestSignIn, type SignInRef, withFound, withoutAccount } from "./accountIndex.ts";
import type { SignInNotes } from "./signInNotes.ts";
import { UndoneRecords, type UndoneRecordsDependencies } from "./undoneRecords.ts";

/** How long a record is looked for that reads as missing, ms. */
const longestSearchMs = 30 * 24 * 60 * 60_000;

export interface InterruptedSignInsDependencies extends UndoneRecordsDependencies {
  signInNotes: Pick<SignInNotes, "list" | "remove">;
  failedNotes: Pick<SignInNotes, "list" | "remove">;
  lock: Lock;
  clock: Pick<Clock, "now">;
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
  readonly #records: UndoneRecords;
  #completing: Promise<void> | undefined;

  constructor(dependencies: InterruptedSignInsDependencies) {
    this.#dependencies = dependencies;
    this.#records = new UndoneRecords(dependencies);
  }

  /** Looks at all notes. Never rejects; what fails is tried at the next call. */
  complete(): Promise<void> {
    this.#completing ??= this.#completeAll().finally(() => {
      this.#completing = undefined;
    });
    return this.#completing;
  }

  /** Notes in memory which sign-ins have failed, so that no record of them is believed. Never rejects. */
  async refuseFailed(): Promise<readonly SignInRef[]> {
    const { failedNotes, memory } = this.#dependencies;
    const failed = await failedNotes.list();
    for (const noted of failed) memory.refuse(noted);
    return failed;
  }

  async #completeAll(): Promise<void> {
    const { signInNotes } = this.#dependencies;
    for (const noted of await this.refuseFailed()) await this.#underLock(noted, () => this.#undo(noted));
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

  /** Where no other sign-in of the account is known, ends it in the index: what is left is revoked and deleted. */
  async #undo(noted: SignInRef): Promise<void> {
    const { memory, writer, failedNotes, clock, onEnded } = this.#dependencies;
    if (!isNoted(noted, await failedNotes.list())) return;
    const undoing = await this.#records.undo(noted);
    if (undoing === "unclear") return;
    if (undoing === "ended") {
      await writer.changeIndex((index) => withoutAccount(index, noted, { left: true }));
      memory.follow(memory.state.notice);
      onEnded();
    }
    const isOver = clock.now() - noted.signedInAt > longestSearchMs;
    if (undoing !== "missing" || isOver) await failedNotes.remove(noted);
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
