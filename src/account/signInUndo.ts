import { describeError } from "../platform/logger.ts";
import { type AccountIndex, withNewLeft, withoutAccount } from "./accountIndex.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { isOf, isSameLogin, laterThan } from "./recordOrder.ts";
import type { RevocableToken, TokensChange } from "./replacedTokens.ts";
import { revocableOf } from "./revocable.ts";
import { notedOf, type SignInNotes } from "./signInNotes.ts";
import { isUnreadable, UndoneRecords, type UndoneRecordsDependencies } from "./undoneRecords.ts";

export interface SignInUndoDependencies extends UndoneRecordsDependencies {
  failedNotes: Pick<SignInNotes, "add" | "remove">;
}

/** The token of a sign-in that another one replaces. */
export interface ReplacedToken {
  readonly token: RevocableToken;
  readonly signedInAt: number;
}

/** A sign-in that could not be stored, and what was there before it. */
export interface FailedSignIn {
  readonly credential: Credential;
  readonly replaced: StoredCredential;
  /** The record that it has replaced, if that sign-in has not ended. */
  readonly before: Credential | undefined;
  readonly noted: readonly ReplacedToken[];
}

/** Undoes sign-ins that could not be stored. Called in turn by `SignInWriter`, under the account's lock. */
export class SignInUndo {
  readonly #dependencies: SignInUndoDependencies;
  readonly #records: UndoneRecords;

  constructor(dependencies: SignInUndoDependencies) {
    this.#dependencies = dependencies;
    this.#records = new UndoneRecords(dependencies);
  }

  /** See `UndoneRecords.changeTokens`. */
  changeTokens(id: string, change: TokensChange): Promise<boolean> {
    return this.#records.changeTokens(id, change);
  }

  /** The sign-in before a failed one goes on, so its token is not one that was replaced. It may stay on the list. */
  async #keepToken({ credential, before, noted }: FailedSignIn): Promise<true> {
    const kept = noted.filter(({ signedInAt }) => signedInAt === before?.signedInAt).map(({ token }) => token);
    if (kept.length > 0) await this.changeTokens(credential.id, { kept });
    return true;
  }

  /** The same when the keyring has answered late: another sign-in, or a sign-out, may have come since. */
  async #keepTokenIfUsed(failed: FailedSignIn): Promise<void> {
    const { store, memory, writer, refreshNotes, replacedTokens } = this.#dependencies;
    const { before, noted } = failed;
    const { id, signedInAt } = failed.credential;
    if (!before) return;
    const stored = await store.readCredential(id).catch((): StoredCredential => ({ status: "none" }));
    const current = memory.newest(id, stored)?.credential;
    const times = [before.signedInAt, laterThan(signedInAt, before).signedInAt];
    if (current && (times.includes(current.signedInAt) || isSameLogin(current, before)))
      return void (await this.#keepToken(failed));
    // The record that came late may have replaced tokens that were refreshed since.
    const newest = await revocableOf(memory.newestOfSignIn(before), refreshNotes);
    const tokens = [...noted.map(({ token }) => token), ...(newest ? [newest] : [])];
    const added = tokens.filter((token) => !replacedTokens.isFinished(token));
    if (added.length === 0) return;
    await this.changeTokens(id, { added });
    await writer.changeIndex((index) => withNewLeft(index, id, true));
  }

  /** Tells other windows of a failed sign-in that may be stored all the same. */
  async noteFailed(credential: Credential): Promise<void> {
    const { failedNotes, log } = this.#dependencies;
    await failedNotes
      .add(notedOf(credential))
      .catch((error: unknown) => log.warn(`A sign-in that has failed was not noted: ${describeError(error)}`));
  }

  /**
   * Restores what the record of a failed sign-in has replaced, as far as the keyring allows.
   * @param isWritten whether the keyring has said that it has stored the record; what it reads may be older
   * @returns whether that is done
   */
  async restore(failed: FailedSignIn, isWritten: boolean): Promise<boolean> {
    const { store, memory, reader, writer } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id, signedInAt } = credential;
    // A write that was reported as failed may have succeeded.
    const now = await store.readCredential(id).catch(() => undefined);
    if (hasLater(now, credential)) return true;
    const read = now?.status === "found" ? now.credential : undefined;
    const isOurs = read !== undefined && isOf(read, credential);
    if (read && !isOurs && !isWritten) return this.#keepToken(failed);
    // What reads as missing may be there all the same.
    if (!before && !isOurs && !isWritten) return false;
    const isKept = await this.#records.keepUntilRevoked(isOurs ? read : credential, before);
    // Also where that is not stored: this window tries again, and is about to revoke the token.
    if (before) return (await isDone(this.#records.putBack(before, signedInAt))) && this.#keepToken(failed);
    // For a window that is killed before the index can say that its token is to be revoked.
    await this.noteFailed(credential);
    if (isUnreadable(replaced)) return isDone(store.restoreSetAside(id));
    // An index that could not be read may name the account, with an earlier record.
    if (reader.isBlind || memory.index.ids.includes(id)) {
      return isKept && replaced.status === "none" && reader.isFirstUse && (await writer.deleteRecord(id));
    }
    await reader.readIndex().catch(() => {});
    return isDone(this.#end(credential, memory.index.ids.includes(id)));
  }

  /** Notes that a sign-in is not kept whose record may come late, when this window may be gone. */
  async endAhead(credential: Credential): Promise<void> {
    const end = (index: AccountIndex) =>
      index.ids.includes(credential.id) ? index : withoutAccount(index, credential, { left: true });
    await this.#dependencies.writer.changeIndex(end).catch(() => {});
  }

  /**
   * Ends a sign-in that is not kept. What cannot be deleted is left to be ended as after a sign-out.
   * @param isListed whether the index may name it
   */
  async #end(credential: Credential, isListed: boolean): Promise<void> {
    const { store, writer } = this.#dependencies;
    const { id } = credential;
    const markEnded = () => writer.changeIndex((index) => withoutAccount(index, credential, { left: true }));
    if (isListed) await markEnded();
    const found = await store.readCredential(id).catch(() => undefined);
    const record = found?.status === "found" ? found.credential : credential;
    // Another window has refreshed the tokens, or stored others: the record may be the only place of them.
    const isOthers = !isSameLogin(record, credential);
    if (isOthers || !(await this.#records.keepUntilRevoked(record))) return isListed ? undefined : markEnded();
    const isDeleted = await writer.deleteRecord(id);
    const stored = await store.readCredential(id).catch(() => undefined);
    if (!isListed && !(isDeleted && stored?.status === "none")) await markEnded();
  }

  /**
   * Undoes a sign-in that was given up, and may be stored all the same.
   * @param isSettled whether the keyring has answered; until then, the record before it may still be replaced
   */
  async undo(failed: FailedSignIn, isSettled: boolean): Promise<void> {
    const { store, memory, failedNotes } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id, signedInAt } = credential;
    const undoing = await this.#records.undo({ id, signedInAt, credential, before, isWritten: isSettled });
    if (undoing === "ended" && isUnreadable(replaced)) await store.restoreSetAside(id);
    else if (undoing === "ended") {
      await this.#end(credential, true);
      memory.drop(id);
    }
    if (!isSettled || undoing === "unclear") return;
    await failedNotes.remove(notedOf(credential)).catch(() => {});
    await this.#keepTokenIfUsed(failed);
  }
}

/** Whether another window has stored something since. */
function hasLater(now: StoredCredential | undefined, credential: Credential): boolean {
  if (now?.status !== "found") return now?.status === "newer";
  return now.credential.signedInAt >= credential.signedInAt && !isOf(now.credential, credential);
}

/** Whether some work succeeds. */
function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
