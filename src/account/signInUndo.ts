import { describeError, type Logger } from "../platform/logger.ts";
import { type AccountIndex, hasEnded, latestSignIn, withNewLeft, withoutAccount } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { isNewer, isOf, isSameLogin, laterThan } from "./recordOrder.ts";
import { isSuperseded, type RefreshNotes } from "./refreshNotes.ts";
import type { ReplacedTokens, RevocableToken, TokensChange } from "./replacedTokens.ts";
import type { SecretStore } from "./secretStore.ts";
import type { SignInNotes } from "./signInNotes.ts";

export interface SignInUndoDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
  refreshNotes: Pick<RefreshNotes, "read" | "write">;
  failedNotes: Pick<SignInNotes, "add" | "remove">;
  replacedTokens: Pick<ReplacedTokens, "change" | "isFinished">;
  log: Logger;
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
  /** The time that the record before it got when it was stored again. */
  restoredAt?: number;
}

/** Undoes sign-ins that could not be stored. Called in turn by `SignInWriter`, under the account's lock. */
export class SignInUndo {
  readonly #dependencies: SignInUndoDependencies;

  constructor(dependencies: SignInUndoDependencies) {
    this.#dependencies = dependencies;
  }

  /** The sign-in before a failed one stays, so its token is not one that was replaced. One that has ended does not stay. */
  async keepToken({ credential, before, noted }: FailedSignIn): Promise<void> {
    const removed = noted.filter(({ signedInAt }) => signedInAt === before?.signedInAt).map(({ token }) => token);
    if (removed.length > 0) await this.changeReplaced(credential.id, { removed });
  }

  /** The same for a sign-in that may have been written late: another one may have replaced both. */
  async #keepTokenIfUsed(failed: FailedSignIn): Promise<void> {
    const { store, memory, writer } = this.#dependencies;
    const { before, noted, restoredAt } = failed;
    const { id } = failed.credential;
    const stored = await store.readCredential(id).catch(() => undefined);
    const known = memory.get(id)?.credential;
    const read = stored?.status === "found" ? stored.credential : known;
    const current = known && read && isNewer(known, read) ? known : read;
    if (!before || !current) return;
    const { signedInAt } = current;
    if (signedInAt === before.signedInAt || signedInAt === restoredAt || isSameLogin(current, before)) {
      return this.keepToken(failed);
    }
    const added = noted.map(({ token }) => token);
    if (added.length === 0) return;
    await this.changeReplaced(id, { added });
    await writer.changeIndex((index) => withNewLeft(index, id, true));
  }

  /**
   * A sign-in does not depend on it. Never rejects.
   * @returns whether it is stored
   */
  async changeReplaced(id: string, change: TokensChange): Promise<boolean> {
    const { replacedTokens, log } = this.#dependencies;
    try {
      await replacedTokens.change(id, change);
      return true;
    } catch (error) {
      log.warn(`The token of a replaced sign-in could not be noted: ${describeError(error)}`);
      return false;
    }
  }

  /**
   * Notes the token of a failed sign-in whose record is about to be deleted or replaced. Until it is revoked, there would be
   * no other place of it: the window may be killed.
   * @returns whether it is stored
   */
  async #keepUntilRevoked(stored: StoredCredential | undefined): Promise<boolean> {
    if (stored?.status !== "found" || stored.credential.origin !== "own") return true;
    const { id, issuer, tokens } = stored.credential;
    const token = { issuer, refreshToken: tokens.refreshToken };
    return this.#dependencies.replacedTokens.isFinished(token) || this.changeReplaced(id, { added: [token] });
  }

  /** Tells other windows of a failed sign-in that may be stored all the same. */
  async noteFailed(credential: Credential): Promise<void> {
    const { failedNotes, log } = this.#dependencies;
    await failedNotes
      .add(credential)
      .catch((error: unknown) => log.warn(`A sign-in that has failed was not noted: ${describeError(error)}`));
  }

  /**
   * Restores what the record of a failed sign-in has replaced, as far as the keyring allows.
   * @returns whether that is done
   */
  async restore(failed: FailedSignIn): Promise<boolean> {
    const { store, memory, reader, writer } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id } = credential;
    // A write that was reported as failed may have succeeded.
    const now = await store.readCredential(id).catch(() => undefined);
    if (now?.status !== "found" || !isOf(now.credential, credential)) return now !== undefined;
    const isKept = await this.#keepUntilRevoked(now);
    if (before) return isDone(this.#putBack(before, failed));
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

  /**
   * Stores the record again that a failed sign-in has replaced, as it has become since. It counts as a newer one, because
   * other windows may have read that of the failed sign-in.
   */
  async #putBack(before: Credential, failed: FailedSignIn): Promise<void> {
    const { store, memory, reader, refreshNotes, log } = this.#dependencies;
    const newest = memory.newestOfSignIn(before);
    const restored = laterThan(failed.credential.signedInAt, newest);
    failed.restoredAt = restored.signedInAt;
    const note = await refreshNotes.read(newest);
    // Another window has got newer tokens meanwhile, and this one's must not be used. It is noted under the new time.
    if (note && isSuperseded(newest, note)) {
      await refreshNotes
        .write(restored, note)
        .catch((error: unknown) => log.warn(`A refresh could not be noted: ${describeError(error)}`));
    }
    await store.writeCredential(restored);
    memory.adopt(restored, reader.noticeWithout(restored.id));
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
    // Another window has refreshed the tokens, or stored others: the record may be the only place of them.
    if (found?.status === "found" && !isSameLogin(found.credential, credential))
      return isListed ? undefined : markEnded();
    if (!(await this.#keepUntilRevoked(found))) return isListed ? undefined : markEnded();
    const isDeleted = await writer.deleteRecord(id);
    const stored = await store.readCredential(id).catch(() => undefined);
    if (!isListed && !(isDeleted && stored?.status === "none")) await markEnded();
  }

  /** @param isSettled whether the keyring has answered; until then, the record before it may still be replaced */
  async undo(failed: FailedSignIn, isSettled: boolean): Promise<void> {
    const { failedNotes } = this.#dependencies;
    await this.#undoLate(failed);
    if (!isSettled) return;
    await failedNotes.remove(failed.credential).catch(() => {});
    await this.#keepTokenIfUsed(failed);
  }

  /** Undoes a sign-in that was reported as failed and was written all the same, when the keyring answered at last. */
  async #undoLate(failed: FailedSignIn): Promise<void> {
    const { store, memory, reader } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id, signedInAt } = credential;
    await reader.readIndex();
    const now = await store.readCredential(id).catch(() => undefined);
    const known = memory.newest(id, { status: "none" })?.credential;
    // Written since, here or in another window, or signed in again.
    if (now?.status === "found" && !isOf(now.credential, credential)) {
      const isReadSince = known?.signedInAt === signedInAt && now.credential.signedInAt < signedInAt;
      // This window has read the record that is to be undone, and would take it for the newest.
      return isReadSince && !hasEnded(memory.index, now.credential) ? this.#putBack(now.credential, failed) : undefined;
    }
    const isStored = now?.status === "found";
    await this.#keepUntilRevoked(now);
    if (known && known.signedInAt > signedInAt) return isStored ? store.writeCredential(known) : undefined;
    // This window may have read the record that is to be undone.
    const earlier = known && known.signedInAt < signedInAt ? known : before;
    if (earlier && !hasEnded(memory.index, earlier)) return this.#putBack(earlier, failed);
    if (isUnreadable(replaced)) return store.restoreSetAside(id);
    await this.#endLate(credential, isStored);
    memory.drop(id);
  }

  /** @param isStored whether the record that is stored is this one */
  async #endLate(credential: Credential, isStored: boolean): Promise<void> {
    const { memory, writer } = this.#dependencies;
    const { id, signedInAt } = credential;
    const { index } = memory;
    // Also where another window has found the record, and put it into the index.
    const isOthers = index.ids.includes(id) && latestSignIn(index, id) !== signedInAt;
    if (!isOthers) return this.#end(credential, true);
    // Another window has signed in, and stores its record again where this one has replaced it.
    if (isStored) await writer.deleteRecord(id);
  }
}

/** Whether some work succeeds. */
function isDone(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Whether there is a record that this version cannot read, and another may. */
function isUnreadable({ status }: StoredCredential): boolean {
  return status === "corrupt" || status === "newer";
}
