import {
  endedAt,
  endedWithLeft,
  hasEnded,
  latestSignIn,
  type SignInRef,
  withLeft,
  withoutAccount,
  withoutLeft,
} from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential } from "./credential.ts";
import { afterLateWrite } from "./limitSecrets.ts";
import type { SecretStore } from "./secretStore.ts";
import type { Entry } from "./state.ts";

export interface EndedAccountsDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
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
   * @returns the newest record that is known; undefined when the account is not signed in
   * @throws as `Accounts.store`; then the account stays signed in
   */
  end(id: string): Promise<Entry | undefined> {
    const { memory, reader, inTurn } = this.#dependencies;
    return inTurn(async () => {
      // Another window may have refreshed the tokens: the newest are the ones to revoke.
      const entry = await reader.reread(id);
      if (!entry) return undefined;
      // What was read may be older than what the index tells of: the account's latest sign-in is meant.
      const signedInAt = Math.max(entry.credential.signedInAt, latestSignIn(memory.index, id));
      await this.#markEnded({ id, signedInAt });
      // If the index could not be read, other accounts may still be signed in.
      if (memory.index.ids.length === 0) reader.remember(reader.isBlind && "missing");
      memory.drop(id);
      return entry;
    });
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
   * Makes sure that the index says that something is left of an account's earlier sign-ins, or of one that never became
   * complete. While somebody is signed in to it there is no need: their sign-out says so.
   * @throws as `Accounts.store`
   */
  noteLeft(id: string): Promise<void> {
    const { writer, inTurn } = this.#dependencies;
    return inTurn(() =>
      writer.changeIndex((index) => {
        if (index.ids.includes(id) || endedWithLeft(index).some((ended) => ended.id === id)) return index;
        // Before every sign-in, so that none of them is ended by this.
        const ended = { id, signedInAt: Math.max(endedAt(index, id), -1) };
        return withLeft(withoutAccount(index, ended, { left: true }), id);
      }),
    );
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
   * @returns whether nothing is stored any more, as far as the keyring can be believed
   */
  async deleteRecord(id: string): Promise<boolean> {
    const { store, memory, reader, writer, inTurn } = this.#dependencies;
    return inTurn(async () => {
      await reader.readIndex();
      // Somebody has signed in again, and that record has replaced the ended one.
      if (memory.index.ids.includes(id)) return true;
      const before = await store.readCredential(id).catch(() => undefined);
      if (before?.status === "found" && !hasEnded(memory.index, before.credential)) return true;
      const isDeleted = await writer.deleteRecord(id);
      const stored = await store.readCredential(id);
      return isDeleted && stored.status === "none";
    }).catch(() => false);
  }

  /** Notes that nothing is left of a sign-in. @throws as `Accounts.store` */
  settle({ id, signedInAt }: SignInRef): Promise<void> {
    const { writer, inTurn } = this.#dependencies;
    return inTurn(() => writer.changeIndex((index) => withoutLeft(index, id, signedInAt)));
  }
}
