import type { Lock } from "../platform/lock.ts";
import { hasEnded } from "./accountIndex.ts";
import type { Credential } from "./credential.ts";
import { isNewer, isSameLogin } from "./recordOrder.ts";
import { revocableOf } from "./revocable.ts";
import type { UndoneRecordsDependencies } from "./undoneRecords.ts";

/** How often one record is written again that reads as missing or older every time. */
const maxRepairs = 3;

export interface RecordRepairDependencies extends Omit<UndoneRecordsDependencies, "log"> {
  lock: Lock;
  /** Runs work when no other change of what is stored is under way. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
}

/**
 * Writes records again that this window knows and the keyring has lost. Only a newer record replaces one that is stored,
 * so two windows never replace each other's.
 */
export class RecordRepair {
  readonly #dependencies: RecordRepairDependencies;
  readonly #repairs = new WeakMap<Credential, number>();

  constructor(dependencies: RecordRepairDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Reads an account's record again, and stores the one that is known where it is still missing or older.
   * @throws what reading or storing fails with; the next reading tries again
   */
  repair(id: string): Promise<void> {
    const { lock, inTurn } = this.#dependencies;
    // Tokens may just be refreshed: then the newest come.
    return lock.hold(id, () => inTurn(() => this.#repair(id)));
  }

  async #repair(id: string): Promise<void> {
    const { store, memory, reader, writer, mayStore } = this.#dependencies;
    await reader.readIndex();
    const known = memory.get(id)?.credential;
    if (!known || hasEnded(memory.index, known)) return;
    const repairs = this.#repairs.get(known) ?? 0;
    const stored = await store.readCredential(id);
    const isBehind = stored.status === "found" ? isNewer(known, stored.credential) : stored.status !== "newer";
    if (!isBehind || repairs >= maxRepairs || !(await mayStore(known))) return;
    if (stored.status === "found") await this.#keepToken(stored.credential, known);
    this.#repairs.set(known, repairs + 1);
    await store.writeCredential(known);
    await reader.readIndex();
    if (hasEnded(memory.index, known)) await writer.deleteRecord(id);
  }

  /**
   * Notes the token of another sign-in whose record is about to be replaced: the window that has stored it may be gone.
   * @throws Problem when that could not be stored
   */
  async #keepToken(replaced: Credential, known: Credential): Promise<void> {
    const { refreshNotes, replacedTokens } = this.#dependencies;
    if (replaced.signedInAt === known.signedInAt || isSameLogin(replaced, known)) return;
    const token = await revocableOf(replaced, refreshNotes);
    if (token && !replacedTokens.isFinished(token)) await replacedTokens.change(known.id, { added: [token] });
  }
}
