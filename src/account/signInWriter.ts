import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { type AccountIndex, hasEnded, latestSignIn, withAccount, withNewLeft, withoutAccount } from "./accountIndex.ts";
import type { AccountsMemory } from "./accountsMemory.ts";
import type { AccountsReader } from "./accountsReader.ts";
import type { AccountsWriter } from "./accountsWriter.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { holdUnlessStuck, type Releases } from "./holdUnlessStuck.ts";
import { afterLateWrite, KeyringSilent } from "./limitSecrets.ts";
import { isNewer } from "./recordOrder.ts";
import { type RefreshNotes, wasPassedOn } from "./refreshNotes.ts";
import type { ReplacedTokens, RevocableToken, TokensChange } from "./replacedTokens.ts";
import type { SecretStore } from "./secretStore.ts";
import type { SignInNotes } from "./signInNotes.ts";

export interface SignInWriterDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  reader: AccountsReader;
  writer: AccountsWriter;
  refreshNotes: Pick<RefreshNotes, "read">;
  signInNotes: Pick<SignInNotes, "add" | "remove">;
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
      if (!isSilent) await this.#keepToken(failed);
      if (!isSilent || isListed) await this.#restore(failed);
      else if (!before && replaced.status === "none") await this.#endAhead(credential);
      // It may have been written without an answer, and it may be written later.
      const undo = (isWritten: boolean) => {
        const work = () => inTurn(() => this.#undo(failed, isListed, isWritten));
        return holdUnlessStuck(lock, id, work, this.#dependencies);
      };
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
  async #keepTokenIfUsed(failed: FailedSignIn, isWritten: boolean): Promise<void> {
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
      return isWritten ? this.#keepToken(failed) : undefined;
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

  /** Restores what the record of a failed sign-in has replaced, as far as the keyring allows. */
  async #restore(failed: FailedSignIn): Promise<void> {
    const { store, memory, reader, writer } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id } = credential;
    // A write that was reported as failed may have succeeded.
    const now = await store.readCredential(id).catch(() => undefined);
    if (now?.status !== "found" || now.credential.signedInAt !== credential.signedInAt) return;
    if (before) return this.#putBack(before, failed).catch(() => {});
    if (isUnreadable(replaced)) return store.restoreSetAside(id).catch(() => {});
    // An index that could not be read may name the account, with an earlier record.
    if (reader.isBlind || memory.index.ids.includes(id)) {
      if (replaced.status === "none" && reader.isFirstUse) await writer.deleteRecord(id);
      return;
    }
    await reader.readIndex().catch(() => {});
    await this.#end(credential, memory.index.ids.includes(id)).catch(() => {});
  }

  /**
   * Stores the record again that a failed sign-in has replaced. It counts as a newer one, because other windows may have
   * read that of the failed sign-in.
   */
  async #putBack(before: Credential, failed: FailedSignIn): Promise<void> {
    const { store, memory, reader } = this.#dependencies;
    const restored = laterThan(failed.credential.signedInAt, before);
    failed.restoredAt = restored.signedInAt;
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
    const isDeleted = await writer.deleteRecord(id);
    const stored = await store.readCredential(id).catch(() => undefined);
    if (!isListed && !(isDeleted && stored?.status === "none")) await markEnded();
  }

  /** @param isWritten whether the record is known to have been written: until then it may come at any time */
  async #undo(failed: FailedSignIn, isListed: boolean, isWritten: boolean): Promise<void> {
    await this.#undoLate(failed, isListed);
    await this.#keepTokenIfUsed(failed, isWritten);
  }

  /**
   * Undoes a sign-in that was reported as failed and was written all the same, when the keyring answered at last.
   * @param isListed whether it has written the index, too
   */
  async #undoLate(failed: FailedSignIn, isListed: boolean): Promise<void> {
    const { store, memory, reader } = this.#dependencies;
    const { credential, replaced, before } = failed;
    const { id, signedInAt } = credential;
    await reader.readIndex();
    const now = await store.readCredential(id).catch(() => undefined);
    const known = memory.newest(id, { status: "none" })?.credential;
    // Written since, here or in another window, or signed in again.
    if (now?.status === "found" && now.credential.signedInAt !== signedInAt) return;
    const isStored = now?.status === "found";
    if (known && known.signedInAt > signedInAt) return isStored ? store.writeCredential(known) : undefined;
    // This window may have read the record that is to be undone.
    const earlier = known && known.signedInAt < signedInAt ? known : before;
    if (earlier && !hasEnded(memory.index, earlier)) return this.#putBack(earlier, failed);
    if (isUnreadable(replaced)) return store.restoreSetAside(id);
    await this.#endLate(credential, isListed, isStored);
    memory.drop(id);
  }

  /** @param isStored whether the record that is stored is this one */
  async #endLate(credential: Credential, isListed: boolean, isStored: boolean): Promise<void> {
    const { memory, writer } = this.#dependencies;
    const { id, signedInAt } = credential;
    const { index } = memory;
    const isOthers = latestSignIn(index, id) > signedInAt || (!isListed && !hasEnded(index, credential));
    if (!index.ids.includes(id) || !isOthers) return this.#end(credential, true);
    // Another window has signed in, and stores its record again where this one has replaced it.
    if (isStored) await writer.deleteRecord(id);
  }
}

/** The credential with a later sign-in time than `before`: it decides which is newer, also after a clock was set back. */
function laterThan(before: number, credential: Credential): Credential {
  return credential.signedInAt > before ? credential : { ...credential, signedInAt: before + 1 };
}

/** Whether two records have tokens of the same login, as when one that was handed off is imported. */
function isSameLogin({ tokens }: Credential, { tokens: others }: Credential): boolean {
  return tokens.accessToken === others.accessToken || tokens.refreshToken === others.refreshToken;
}

/** Whether there is a record that this version cannot read, and another may. */
function isUnreadable({ status }: StoredCredential): boolean {
  return status === "corrupt" || status === "newer";
}
