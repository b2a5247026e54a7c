import type { Clock } from "../platform/clock.ts";
import {
  endedWithLeft,
  hasEnded,
  latestSignIn,
  type SignInRef,
  withNewLeft,
  withoutAccount,
  withoutLeft,
} from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential } from "./credential.ts";
import { afterLateWrite } from "./limitSecrets.ts";
import { isNewer } from "./recordOrder.ts";
import type { SecretStore } from "./secretStore.ts";

/** How long the note that something is left waits for the index's lock, ms: its window may be closed soon. */
const patienceMs = 2_000;

/** A sign-in that has just ended. */
export interface Ending extends SignInRef {
  /** The newest record that is known; undefined where none could be read. */
  readonly credential: Credential | undefined;
}

export interface EndedAccountsDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
  clock: Pick<Clock, "now">;
  /** Called when it was found that the sign-in of an account has ended. */
  onEnded: () => void;
  /** Runs work when no other change of what is stored is under way. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * The stored side of signing out. The index says first that a sign-in has ended and that something of it is left; it says
 * so until its tokens are revoked and its record is deleted. So whatever fails in between is found and done later, in
 * any window.
 */
export class EndedAccounts {
  readonly #dependencies: EndedAccountsDependencies;

  constructor(dependencies: EndedAccountsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Ended sign-ins with something left, of accounts that nobody has signed in to again. As last read. */
  get withLeft(): SignInRef[] {
    const { index } = this.#dependencies.memory;
    return endedWithLeft(index).filter(({ id }) => !index.ids.includes(id));
  }

  /**
   * Ends the sign-in of an account. Its record is still stored then.
   * @returns undefined when the account is not signed in
   * @throws as `Accounts.store`; then the account stays signed in
   */
  end(id: string): Promise<Ending | undefined> {
    const { memory, reader, clock, inTurn } = this.#dependencies;
    return inTurn(async () => {
      // Another window may have refreshed the tokens: the newest are the ones to revoke.
      const entry = await reader.reread(id).catch((error: unknown) => {
        if (!memory.index.ids.includes(id)) throw error;
        return undefined;
      });
      if (!entry && !memory.index.ids.includes(id)) return undefined;
      // What was read may be older than what the index tells of: the account's latest sign-in is meant. Of a record that
      // cannot be read an index of an earlier build tells no time.
      // One that has failed may be stored all the same, and goes with it.
      const latest = Math.max(latestSignIn(memory.index, id), memory.refusedAt(id));
      const signedInAt = Math.max(entry?.credential.signedInAt ?? clock.now(), latest);
      await this.#markEnded({ id, signedInAt });
      // If the index could not be read, other accounts may still be signed in.
      if (memory.index.ids.length === 0) reader.remember(reader.isBlind && "missing");
      memory.drop(id);
      return { id, signedInAt, credential: entry && (await this.#newest(entry.credential)) };
    });
  }

  /** The tokens may have been refreshed while the index was waited for; soon another sign-in may replace them. */
  async #newest(known: Credential): Promise<Credential> {
    const stored = await this.#dependencies.store.readCredential(known.id).catch(() => undefined);
    if (stored?.status !== "found" || stored.credential.signedInAt !== known.signedInAt) return known;
    return isNewer(stored.credential, known) ? stored.credential : known;
  }

  async #markEnded(ended: SignInRef): Promise<void> {
    const { memory, reader, writer, onEnded, inTurn } = this.#dependencies;
    try {
      await writer.changeIndex((index) => withoutAccount(index, ended, { left: true }));
    } catch (error) {
      // A write that was reported as failed may have succeeded.
      await reader.readIndex().catch(() => {});
      if (hasEnded(memory.index, ended)) return;
      throw afterLateWrite(error, () =>
        inTurn(async () => {
          await reader.readIndex();
          if (!hasEnded(memory.index, ended)) return;
          memory.drop(ended.id);
          onEnded();
        }),
      );
    }
  }

  /**
   * Makes sure that the index says that something is left of an account; while somebody is signed in to it there is no
   * need.
   * @param isNew that this is so from now on
   * @throws as `Accounts.store`
   */
  noteLeft(id: string, isNew: boolean): Promise<void> {
    const { writer, inTurn } = this.#dependencies;
    return inTurn(() => writer.changeIndex((index) => withNewLeft(index, id, isNew), { patienceMs }));
  }

  /**
   * The record of an ended sign-in if it is still stored.
   * @throws Problem `keyringFailed`, `keyringSilent`
   */
  readRecord(id: string): Promise<Credential | undefined> {
    const { store, memory, reader, inTurn } = this.#dependencies;
    return inTurn(async () => {
      await reader.readIndex();
      const stored = await store.readCredential(id);
      return stored.status === "found" && hasEnded(memory.index, stored.credential) ? stored.credential : undefined;
    });
  }

  /**
   * Deletes what is stored of an account that is signed out. Never throws.
   * @param isOver tells of a record whether its token has been revoked, or is noted to be
   * @returns whether nothing is stored any more, as far as the keyring can be believed
   */
  async deleteRecord(id: string, isOver: (record: Credential) => boolean): Promise<boolean> {
    const { store, memory, reader, writer, inTurn } = this.#dependencies;
    return inTurn(async () => {
      await reader.readIndex();
      // Somebody has signed in again, and that record has replaced the ended one.
      if (memory.index.ids.includes(id)) return true;
      const before = await store.readCredential(id);
      if (before.status === "found") {
        const { credential } = before;
        const isEnded = hasEnded(memory.index, credential);
        // One that has ended may have read as missing until now: then its token is still to be revoked.
        if (!isOver(credential)) return !isEnded;
        // Where a sign-in has failed meanwhile, the record before it was stored again, as a newer one.
        if (!isEnded) await writer.changeIndex((index) => withoutAccount(index, credential, { left: true }));
      }
      const isDeleted = await writer.deleteRecord(id);
      const stored = await store.readCredential(id);
      // A record that was to be stored before, and may come late, is deleted again when it does.
      return isDeleted && stored.status === "none" && !store.isWriting(id);
    }).catch(() => false);
  }

  /** Notes that nothing is left of a sign-in. @throws as `Accounts.store` */
  settle({ id, signedInAt }: SignInRef): Promise<void> {
    const { writer, inTurn } = this.#dependencies;
    return inTurn(() => writer.changeIndex((index) => withoutLeft(index, id, signedInAt)));
  }
}
