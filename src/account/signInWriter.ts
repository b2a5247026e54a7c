import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { type AccountIndex, hasEnded, latestSignIn, withAccount, withNewLeft, withoutAccount } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { holdUnlessStuck, type Releases } from "./holdUnlessStuck.ts";
import { afterLateWrite, KeyringSilent } from "./limitSecrets.ts";
import { isNewer, isOf, isSameLogin, laterThan } from "./recordOrder.ts";
import { isSuperseded, type RefreshNotes, wasPassedOn } from "./refreshNotes.ts";
import type { ReplacedTokens, RevocableToken, TokensChange } from "./replacedTokens.ts";
import type { SecretStore } from "./secretStore.ts";
import type { SignInNotes } from "./signInNotes.ts";

export interface SignInWriterDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
  refreshNotes: Pick<RefreshNotes, "read" | "write">;
  signInNotes: Pick<SignInNotes, "add" | "remove">;
  failedNotes: Pick<SignInNotes, "add" | "remove">;
  replacedTokens: Pick<ReplacedTokens, "change">;
  lock: Lock;
  releases: Releases;
  log: Logger;
  /** Runs work when no other change of what is stored is under way. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
}

/** The token of a sign-in that another one replaces. */
interface ReplacedToken {
  readonly token: RevocableToken;
  readonly signedInAt: number;
}

/** A sign-in that could not be stored, and what was there before it. */
interface FailedSignIn {
  readonly credential: Credential;
  readonly replaced: StoredCredential;
  /** The record that it has replaced, if that sign-in has not ended. */
  readonly before: Credential | undefined;
  readonly noted: readonly ReplacedToken[];
  /** The time that the record before it got when it was stored again. */
  restoredAt?: number;
}

/** Stores the record of a sign-in and makes its account the active one: both, or neither. */
export class SignInWriter {
  readonly #dependencies: SignInWriterDependencies;

  constructor(dependencies: SignInWriterDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws as `Accounts.storeSignIn`; then what was stored before is restored */
  store(given: Credential): Promise<void> {
    const { lock, inTurn } = this.#dependencies;
    // Tokens of an earlier sign-in may just be refreshed, in any window, also where the account is not known here.
    return holdUnlessStuck(lock, given.id, () => inTurn(() => this.#write(given)), this.#dependencies);
  }

  /** Until the index names it, or it is undone, a note tells other windows of the sign-in: this one may be killed. */
  async #write(given: Credential): Promise<void> {
    const { signInNotes, log } = this.#dependencies;
    const logFailure = (error: unknown) =>
      log.warn(`A sign-in that is being stored was not noted, or its note not removed: ${describeError(error)}`);
    const noting = signInNotes.add(given).catch(logFailure);
    try {
      await this.#writeNoted(given, noting);
    } finally {
      await noting.then(() => signInNotes.remove(given)).catch(logFailure);
    }
  }

  /** @param noting resolves when the sign-in has its note, or cannot have one */
  async #writeNoted(given: Credential, noting: Promise<void>): Promise<void> {
    const { store, memory, reader, writer, lock, inTurn } = this.#dependencies;
    const { id } = given;
    await reader.readIndex();
    const replaced = await store.readCredential(id);
    const credential = laterThan(this.#latestSignIn(id, replaced), given);
    const before = memory.newest(id, replaced)?.credential;
    const noted = await this.#rememberReplaced(credential, replaced);
    const failed: FailedSignIn = { credential, replaced, before, noted };
    await noting;
    let isListed = false;
    try {
      await store.writeCredential(credential);
      isListed = true;
      await writer.changeIndex((index) => withAccount(index, id, credential.signedInAt));
    } catch (error) {
      const isSilent = error instanceof KeyringSilent;
      memory.refuse(credential);
      if (!isSilent) await this.#keepToken(failed);
      const isUndone = (!isSilent || isListed) && (await this.#restore(failed)) && !isSilent;
      if (!isUndone) await this.#noteFailed(credential);
      if (isSilent && !isListed && !before && replaced.status === "none") await this.#endAhead(credential);
      // It may have been written without an answer, and it may be written later.
      const undo = (isSettled: boolean) =>
        holdUnlessStuck(lock, id, () => inTurn(() => this.#undo(failed, isSettled)), this.#dependencies);
      if (isSilent) void undo(false).catch(() => {});
      throw afterLateWrite(error, () => undo(true));
    }
    reader.remember(true);
    memory.adopt(credential, reader.noticeWithout(id));
  }

  /**
   * Notes the refresh tokens of the sign-ins that this one replaces, to be revoked with the account's sign-out: where
   * another window's sign-in has just failed, that of its record and that of the one before it.
   * @returns those that are ours to revoke
   */
  async #rememberReplaced(credential: Credential, stored: StoredCredential): Promise<ReplacedToken[]> {
    const { memory } = this.#dependencies;
    const known = memory.get(credential.id)?.credential;
    const read = stored.status === "found" ? stored.credential : undefined;
    const [newest, older] = known && read && isNewer(known, read) ? [known, read] : [read ?? known, known];
    const isOther = older && older.signedInAt !== newest?.signedInAt && !hasEnded(memory.index, older);
    const replaced = [newest, isOther ? older : undefined].filter((one) => one !== undefined);
    const noted = (await Promise.all(replaced.map((one) => this.#revocable(one, credential)))).flat();
    if (noted.length > 0) await this.#changeReplaced(credential.id, { added: noted.map(({ token }) => token) });
    return noted;
  }

  async #revocable(replaced: Credential, credential: Credential): Promise<ReplacedToken[]> {
    // One that is being handed off may be the Codex CLI's by now.
    if (replaced.origin !== "own" || replaced.handOff || isSameLogin(replaced, credential)) return [];
    const note = await this.#dependencies.refreshNotes.read(replaced);
    if (note && note.sequence > replaced.sequence && wasPassedOn(note)) return [];
    const token = { issuer: replaced.issuer, refreshToken: replaced.tokens.refreshToken };
    return [{ token, signedInAt: replaced.signedInAt }];
  }

  /** The sign-in before a failed one stays, so its token is not one that was replaced. One that has ended does not stay. */
  async #keepToken({ credential, before, noted }: FailedSignIn): Promise<void> {
    const removed = noted.filter(({ signedInAt }) => signedInAt === before?.signedInAt).map(({ token }) => token);
    if (removed.length > 0) await this.#changeReplaced(credential.id, { removed });
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
      return this.#keepToken(failed);
    }
    const added = noted.map(({ token }) => token);
    if (added.length === 0) return;
    await this.#changeReplaced(id, { added });
    await writer.changeIndex((index) => withNewLeft(index, id, true));
  }

  /** A sign-in does not depend on it. */
  async #changeReplaced(id: string, change: TokensChange): Promise<void> {
    const { replacedTokens, log } = this.#dependencies;
    try {
      await replacedTokens.change(id, change);
    } catch (error) {
      log.warn(`The token of a replaced sign-in could not be noted: ${describeError(error)}`);
    }
  }

  /** When the account's newest sign-in that is known of began. */
  #latestSignIn(id: string, stored: StoredCredential): number {
    const { memory } = this.#dependencies;
    return Math.max(
      latestSignIn(memory.index, id),
      memory.get(id)?.credential.signedInAt ?? 0,
      stored.status === "found" ? stored.credential.signedInAt : 0,
    );
  }

  /** Tells other windows of a failed sign-in that may be stored all the same. */
  async #noteFailed(credential: Credential): Promise<void> {
    const { failedNotes, log } = this.#dependencies;
    await failedNotes
      .add(credential)
      .catch((error: unknown) => log.warn(`A sign-in that has failed was not noted: ${describeError(error)}`));
  }

  /**
   * Restores what the record of a failed sign-in has replaced, as far as the keyring allows.
   * @returns whether that is done
   */
  async #restore(failed: FailedSignIn): Promise<boolean> {
    const { store, memory, reader, writer } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id } = credential;
    // A write that was reported as failed may have succeeded.
    const now = await store.readCredential(id).catch(() => undefined);
    if (now?.status !== "found" || !isOf(now.credential, credential)) return now !== undefined;
    if (before) return isDone(this.#putBack(before, failed));
    if (isUnreadable(replaced)) return isDone(store.restoreSetAside(id));
    // An index that could not be read may name the account, with an earlier record.
    if (reader.isBlind || memory.index.ids.includes(id)) {
      return replaced.status === "none" && reader.isFirstUse && (await writer.deleteRecord(id));
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
  async #endAhead(credential: Credential): Promise<void> {
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
    const isDeleted = await writer.deleteRecord(id);
    const stored = await store.readCredential(id).catch(() => undefined);
    if (!isListed && !(isDeleted && stored?.status === "none")) await markEnded();
  }

  /** @param isSettled whether the keyring has answered; until then, the record before it may still be replaced */
  async #undo(failed: FailedSignIn, isSettled: boolean): Promise<void> {
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
