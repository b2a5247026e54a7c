import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import { hasEnded, latestSignIn, withFound, withoutAccount } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { isOf, laterThan } from "./recordOrder.ts";
import type { RefreshNotes } from "./refreshNotes.ts";
import type { ReplacedTokens, TokensChange } from "./replacedTokens.ts";
import type { SecretStore } from "./secretStore.ts";
import { isOfNoted, type NotedSignIn } from "./signInNotes.ts";

export interface UndoneRecordsDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
  refreshNotes: Pick<RefreshNotes, "read">;
  replacedTokens: Pick<ReplacedTokens, "change" | "isFinished">;
  /** Whether a record may be stored: it may be known that newer tokens must exist. */
  mayStore: (credential: Credential) => Promise<boolean>;
  log: Logger;
}

/** A sign-in that has failed: its window knows more of it than its note tells others. */
export interface FailedRef extends NotedSignIn {
  /** Its record as it was to be stored. */
  readonly credential?: Credential;
  /** The record that it has replaced, if that sign-in had not ended. */
  readonly before?: Credential | undefined;
  /** The keyring has said that it has stored the record, so one that reads as older may not be what is stored. */
  readonly isWritten?: boolean;
}

interface Found {
  /** The record of the failed sign-in, if that is stored. */
  readonly record: Credential | undefined;
  /** Whether a record was found. */
  readonly isFound: boolean;
}

/**
 * What was found of a failed sign-in: `done` when nothing is left to do; `ended` when nobody is known to be signed in
 * besides, so that it is to be ended; `missing` when its record may still come; `unclear` when that could not be found out.
 */
export type Undoing = "done" | "ended" | "missing" | "unclear";

/**
 * Puts in place of a failed sign-in's record what belongs there: for its own window, and for others when that is gone.
 * Called in turn, under the account's lock.
 */
export class UndoneRecords {
  readonly #dependencies: UndoneRecordsDependencies;

  constructor(dependencies: UndoneRecordsDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws Problem when something could not be read or stored; it can be called again */
  async undo(failed: FailedRef): Promise<Undoing> {
    const { store, memory, reader } = this.#dependencies;
    const status = await reader.readIndex();
    if (status === "failed" || status === "newer") return "unclear";
    const stored = await store.readCredential(failed.id);
    const record = stored.status === "found" && isRecordOf(stored.credential, failed) ? stored.credential : undefined;
    const { before } = failed;
    const known = memory.newest(failed.id, stored)?.credential;
    const current = known ?? (before && !hasEnded(memory.index, before) ? before : undefined);
    if (record && !(await this.keepUntilRevoked(record, current))) return "unclear";
    return current
      ? this.#goOn(current, failed, { record, isFound: stored.status === "found" })
      : this.#undoLast(failed, { record, isFound: stored.status !== "none" });
  }

  /** @param current the sign-in that the account has, or is to have again */
  async #goOn(
    current: Credential,
    { id, signedInAt, isWritten }: FailedRef,
    { record, isFound }: Found,
  ): Promise<Undoing> {
    const { memory, writer } = this.#dependencies;
    const isNamed = memory.index.ids.includes(id) && latestSignIn(memory.index, id) === signedInAt;
    const isDoubtful = isWritten || isNamed || !isFound;
    const isReplaced = record !== undefined || (isDoubtful && current.signedInAt < signedInAt);
    const goesOn = isReplaced ? await this.putBack(current, signedInAt) : current;
    if (isNamed) await writer.changeIndex((index) => withFound(index, [goesOn]));
    return "done";
  }

  /** The same where no other sign-in of the account is known. */
  async #undoLast({ id, signedInAt }: FailedRef, { record, isFound }: Found): Promise<Undoing> {
    const { memory, writer } = this.#dependencies;
    if (!memory.index.ids.includes(id) || latestSignIn(memory.index, id) === signedInAt) return "ended";
    // Another window is signed in, and stores its record again where this one has replaced it.
    if (record) await writer.deleteRecord(id);
    return record || !isFound ? "missing" : "done";
  }

  /**
   * Stores a record again that a failed sign-in has replaced, as it has become since. It counts as a later one, because
   * other windows may have read that of the failed sign-in.
   * @param failedAt when the failed sign-in began
   * @throws Problem `saveFailed` also where another window has newer tokens: that one puts them back
   */
  async putBack(before: Credential, failedAt: number): Promise<Credential> {
    const { store, memory, reader, mayStore } = this.#dependencies;
    const newest = memory.newestOfSignIn(before);
    if (!(await mayStore(newest))) throw new Problem("saveFailed", "another window has newer tokens");
    const restored = laterThan(failedAt, newest);
    await store.writeCredential(restored);
    await reader.readIndex();
    if (hasEnded(memory.index, before)) await this.#endRestored(restored);
    else memory.adopt(restored, reader.noticeWithout(restored.id));
    return restored;
  }

  /** Somebody has signed out while the record was stored. */
  async #endRestored(restored: Credential): Promise<void> {
    const { memory, writer } = this.#dependencies;
    await writer.changeIndex((index) => withoutAccount(index, restored, { left: true }));
    memory.drop(restored.id);
  }

  /**
   * Notes the token of a failed sign-in whose record is about to be deleted or replaced. Until it is revoked, there would be
   * no other place of it: the window may be killed.
   * @param current the sign-in that goes on; an issuer may have given out its token again
   * @returns whether it is stored, or need not be
   */
  async keepUntilRevoked({ id, origin, issuer, tokens }: Credential, current?: Credential): Promise<boolean> {
    if (origin !== "own" || tokens.refreshToken === current?.tokens.refreshToken) return true;
    const token = { issuer, refreshToken: tokens.refreshToken };
    return this.#dependencies.replacedTokens.isFinished(token) || this.changeTokens(id, { added: [token] });
  }

  /**
   * Changes the list of tokens that are to be revoked. A sign-in does not depend on it. Never rejects.
   * @returns whether it is stored
   */
  async changeTokens(id: string, change: TokensChange): Promise<boolean> {
    const { replacedTokens, log } = this.#dependencies;
    try {
      await replacedTokens.change(id, change);
      return true;
    } catch (error) {
      log.warn(`The token of a replaced sign-in could not be noted: ${describeError(error)}`);
      return false;
    }
  }
}

function isRecordOf(record: Credential, failed: FailedRef): boolean {
  return failed.credential ? isOf(record, failed.credential) : isOfNoted(record, failed);
}

/** Whether there is a record that this version cannot read, and another may. */
export function isUnreadable({ status }: StoredCredential): boolean {
  return status === "corrupt" || status === "newer";
}
