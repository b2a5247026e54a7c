import type { Lock } from "../platform/lock.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem } from "../shared/problem.ts";
import { hasEnded, latestSignIn, withAccount } from "./accountIndex.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { holdUnlessStuck, type Releases } from "./holdUnlessStuck.ts";
import { afterLateWrite, KeyringSilent } from "./limitSecrets.ts";
import { isNewer, isSameLogin, laterThan } from "./recordOrder.ts";
import { revocableOf } from "./revocable.ts";
import type { SignInNotes } from "./signInNotes.ts";
import { type FailedSignIn, type ReplacedToken, SignInUndo, type SignInUndoDependencies } from "./signInUndo.ts";

export interface SignInWriterDependencies extends SignInUndoDependencies {
  signInNotes: Pick<SignInNotes, "add" | "remove">;
  failedNotes: SignInNotes;
  lock: Lock;
  releases: Releases;
  /** Runs work when no other change of what is stored is under way. */
  inTurn: (work: () => Promise<void>) => Promise<void>;
}

/** Stores the record of a sign-in and makes its account the active one: both, or neither. */
export class SignInWriter {
  readonly #dependencies: SignInWriterDependencies;
  readonly #undo: SignInUndo;

  constructor(dependencies: SignInWriterDependencies) {
    this.#dependencies = dependencies;
    this.#undo = new SignInUndo(dependencies);
  }

  /** As `Accounts.storeSignIn`. @throws as that does; then what was stored before is restored */
  store(given: Credential, complete: (record: Credential) => Credential): Promise<void> {
    const { lock, inTurn } = this.#dependencies;
    // Tokens of an earlier sign-in may just be refreshed, in any window, also where the account is not known here.
    return holdUnlessStuck(lock, given.id, () => inTurn(() => this.#write(given, complete)), this.#dependencies);
  }

  /** Until the index names it, or it is undone, a note tells other windows of the sign-in: this one may be killed. */
  async #write(given: Credential, complete: (record: Credential) => Credential): Promise<void> {
    const { signInNotes, reader, log } = this.#dependencies;
    const logFailure = (error: unknown) =>
      log.warn(`A sign-in that is being stored was not noted, or its note not removed: ${describeError(error)}`);
    const noting = signInNotes.add(given).catch(logFailure);
    let isNamed = true;
    try {
      await this.#writeNoted(given, complete, noting);
      // Another window may be able to read the index and not the copy, which alone names it.
      isNamed = !reader.isBlind;
    } finally {
      await noting.then(() => (isNamed ? signInNotes.remove(given) : undefined)).catch(logFailure);
    }
  }

  /** @param noting resolves when the sign-in has its note, or cannot have one */
  async #writeNoted(
    given: Credential,
    complete: (record: Credential) => Credential,
    noting: Promise<void>,
  ): Promise<void> {
    const { store, memory, reader, writer, failedNotes, lock, inTurn } = this.#dependencies;
    const { id } = given;
    await reader.readIndex();
    for (const failed of await failedNotes.list()) memory.refuse(failed);
    const replaced = await store.readCredential(id);
    const begun = laterThan(this.#latestSignIn(id, replaced), given);
    const before = memory.newest(id, replaced)?.credential;
    const noted = await this.#rememberReplaced(begun, replaced);
    await noting;
    const credential = complete(begun);
    const failed: FailedSignIn = { credential, replaced, before, noted };
    let isWritten = false;
    try {
      await store.writeCredential(credential);
      isWritten = true;
      await writer.changeIndex((index) => withAccount(index, id, credential.signedInAt));
    } catch (error) {
      const isSilent = error instanceof KeyringSilent;
      memory.refuse(credential);
      const isUndone = (!isSilent || isWritten) && (await this.#undo.restore(failed, isWritten)) && !isSilent;
      // A window with old secrets has written nothing, and another's sign-in that it cannot see may have the same time.
      const isUnwritten = !isWritten && isProblem(error, "staleWindow");
      if (!isUndone && !isUnwritten) await this.#undo.noteFailed(credential);
      if (isSilent && !isWritten && !before && replaced.status === "none") await this.#undo.endAhead(credential);
      // It may have been written without an answer, and it may be written later.
      const undo = (isSettled: boolean) =>
        holdUnlessStuck(lock, id, () => inTurn(() => this.#undo.undo(failed, isSettled)), this.#dependencies);
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
    if (noted.length > 0) await this.#undo.changeTokens(credential.id, { added: noted.map(({ token }) => token) });
    return noted;
  }

  async #revocable(replaced: Credential, credential: Credential): Promise<ReplacedToken[]> {
    const token = isSameLogin(replaced, credential)
      ? undefined
      : await revocableOf(replaced, this.#dependencies.refreshNotes);
    return token ? [{ token, signedInAt: replaced.signedInAt }] : [];
  }

  /** When the account's newest sign-in that is known of began, also of those that have failed: their notes tell no more. */
  #latestSignIn(id: string, stored: StoredCredential): number {
    const { memory } = this.#dependencies;
    return Math.max(
      latestSignIn(memory.index, id),
      memory.refusedAt(id),
      memory.get(id)?.credential.signedInAt ?? 0,
      stored.status === "found" ? stored.credential.signedInAt : 0,
    );
  }
}
