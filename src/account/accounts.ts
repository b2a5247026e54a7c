import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { remember } from "../platform/remember.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { type AccountIndex, endedAt, generationOf, hasEnded, withAccount, withoutAccount } from "./accountIndex.ts";
import { AccountsMemory } from "./accountsMemory.ts";
import { AccountsReader, type SignedInHint } from "./accountsReader.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { KeyringSilent } from "./limitSecrets.ts";
import { hashOf, type RefreshNotes } from "./refreshNotes.ts";
import type { SecretStore } from "./secretStore.ts";
import type { AccountsState, Entry } from "./state.ts";

/** Held while the index is read and written, so that two windows that store at the same moment both count. */
const indexLock = "accounts";

/**
 * The one place that knows who is signed in: the stored records, a copy of them in memory, and one event. What reads as
 * missing, older or unreadable is a failed read, which changes nothing of what is known: an account goes when the index
 * says that its sign-in has ended.
 */
export class Accounts {
  readonly #store: SecretStore;
  readonly #lock: Lock;
  readonly #refreshNotes: Pick<RefreshNotes, "read" | "write">;
  readonly #log: Logger;
  readonly #memory: AccountsMemory;
  readonly #reader: AccountsReader;
  /** Records that are shown as rejected because newer tokens must be somewhere: never stored. */
  readonly #doubted = new WeakSet<Credential>();
  readonly #loaded = remember(() => this.reload());
  /** A reading of everything that has not begun yet: it will see what is stored by now. */
  #reloading: Promise<void> | undefined;
  /** Changes of what is stored happen one after another. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    store: SecretStore,
    lock: Lock,
    hint: SignedInHint,
    refreshNotes: Pick<RefreshNotes, "read" | "write">,
    log: Logger,
  ) {
    this.#store = store;
    this.#lock = lock;
    this.#refreshNotes = refreshNotes;
    this.#log = log;
    this.#memory = new AccountsMemory(log);
    this.#reader = new AccountsReader(store, this.#memory, hint, log);
  }

  get state(): AccountsState {
    return this.#memory.state;
  }

  get onDidChange() {
    return this.#memory.onDidChange;
  }

  /**
   * Tells of what changes during some work when it has ended, so that listeners find what belongs to it done; after 10 s
   * in any case. The state itself is not held back.
   */
  tellTogether<T>(work: () => Promise<T>, clock?: Clock): Promise<T> {
    return this.#memory.tellTogether(work, clock);
  }

  /**
   * Reads what is stored, the first time it is called; again when that has failed or read as missing, also for one
   * account alone.
   * @throws Problem `keyringFailed`, `keyringSilent`
   */
  load(): Promise<void> {
    return this.#reader.isPartial ? this.reload() : this.#loaded.get();
  }

  /**
   * Reads what is stored again and tells of what differs: another window may have changed it.
   * @throws Problem `keyringFailed`, `keyringSilent`; what is known stays
   */
  reload(): Promise<void> {
    this.#reloading ??= this.#inTurn(async () => {
      this.#reloading = undefined;
      await this.#reader.read();
      if (this.#reader.isIncomplete) void this.#inTurn(() => this.#complete()).catch(() => {});
    });
    return this.#reloading;
  }

  /** The record of an account, or of the active one. */
  entry(id: string | undefined = this.state.active?.id): Entry | undefined {
    return id === undefined ? undefined : this.#memory.get(id);
  }

  /**
   * Reads one account's record again and adopts it when it is newer than what is known.
   * Resolves with what is known then, undefined when the account is signed out.
   */
  reread(id: string): Promise<Entry | undefined> {
    return this.#inTurn(() => this.#reader.reread(id));
  }

  /**
   * Stores the record of a sign-in, whose account becomes the active one, or a newer one of an account that is there.
   * @throws Problem `saveFailed`, `keyringFailed`, `keyringSilent`, `staleWindow`; what was stored before stays.
   * `notSignedIn` when the account has gone
   */
  async put(credential: Credential, { activate = false } = {}): Promise<void> {
    await this.#loaded.get();
    if (!activate) return this.#inTurn(() => this.#write(credential));
    const write = () => this.#inTurn(() => this.#writeSignIn(credential));
    // Tokens of an earlier sign-in may just be renewed, in this window or another, also of one that is not known here.
    await this.#holdOrGoOn(credential.id, write);
  }

  /**
   * Stores the record of a login whose refresh token has passed to another owner, and notes beside the secrets that it
   * has: whoever reads an older value of the record must not spend that token.
   * @throws as `put`
   */
  async passOn(credential: Credential): Promise<void> {
    await this.put(credential);
    const { sequence, tokens, receivedAt } = credential;
    await this.#refreshNotes
      .write(credential, { sequence, hash: hashOf(tokens.refreshToken), at: receivedAt })
      .catch((error: unknown) => this.#log.warn(`A new owner was not noted: ${describeError(error)}`));
  }

  /** Whether the tokens have been renewed or passed on since, by word of the note beside the secrets. */
  async isOlder(credential: Credential): Promise<boolean> {
    const refreshNote = await this.#refreshNotes.read(credential);
    return refreshNote !== undefined && refreshNote.sequence > credential.sequence;
  }

  /** Keeps a record in memory that could not be stored yet. */
  keepInMemory(credential: Credential): void {
    this.#memory.adopt(credential, this.state.notice);
  }

  /**
   * Shows an account as rejected because its newest tokens cannot be found. Nothing is stored: what was read may be an
   * older value, and the next reading may find them.
   */
  doubt(credential: Credential): void {
    this.#doubted.add(credential);
    this.keepInMemory(credential);
  }

  /**
   * Changes an account's record, as it is stored now, with nobody in between in any window. One that is known to be an
   * older value is left alone: what is stored may be newer.
   * Resolves with the new one, undefined when it is gone.
   */
  update(id: string, change: (credential: Credential) => Credential): Promise<Entry | undefined> {
    return this.#lock.hold(id, () => this.updateUnlocked(id, change));
  }

  /** The same for whoever holds the account's lock, or knows that no other window can be renewing its tokens. */
  updateUnlocked(id: string, change: (credential: Credential) => Credential): Promise<Entry | undefined> {
    return this.#inTurn(async () => {
      const entry = await this.#reader.reread(id);
      if (!entry || this.#doubted.has(entry.credential) || (await this.isOlder(entry.credential))) return entry;
      const changed = change(entry.credential);
      if (changed !== entry.credential) await this.#write(changed);
      return this.#memory.get(id);
    });
  }

  /** @throws Problem `notSignedIn`, and as `put` */
  async setActive(id: string): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#memory.get(id)) throw new Problem("notSignedIn");
      await this.#changeIndex((index) => withAccount(index, id));
      this.#memory.follow(this.state.notice);
    });
  }

  /**
   * Removes an account from this computer; resolves with the record it had.
   * @throws as `put`; then it stays
   */
  async remove(id: string): Promise<Entry | undefined> {
    await this.#loaded.get();
    return this.#inTurn(async () => {
      // As another window may have renewed it: the newest tokens are the ones to revoke.
      const entry = await this.#reader.reread(id);
      if (!entry) return undefined;
      await this.#changeIndex((index) => withoutAccount(index, entry.credential)).catch(async (error: unknown) => {
        // A write that was said to have failed may have come to pass.
        await this.#reader.readIndex().catch(() => {});
        if (hasEnded(this.#memory.index, entry.credential)) return;
        throw afterwards(error, () => this.dropSignedOut(entry.credential));
      });
      // Others may be signed in all the same whom this window could not read.
      if (this.#memory.index.ids.length === 0) this.#reader.remember(this.#reader.isBlind && "missing");
      this.#memory.drop(id);
      await this.#delete(id);
      return entry;
    });
  }

  /**
   * Deletes a record that was stored although its sign-in had been ended meanwhile; resolves with whether it had been.
   */
  dropSignedOut(credential: Credential): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#reader.readIndex();
      if (!hasEnded(this.#memory.index, credential)) return false;
      const { id } = credential;
      const stored = await this.#store.readCredential(id);
      if (stored.status === "found" && hasEnded(this.#memory.index, stored.credential)) await this.#delete(id);
      const entry = this.#memory.get(id);
      if (entry && hasEnded(this.#memory.index, entry.credential)) this.#memory.drop(id);
      return true;
    });
  }

  async #write(credential: Credential): Promise<void> {
    if (!this.#memory.get(credential.id)) throw new Problem("notSignedIn");
    await this.#store.writeCredential(credential);
    this.#memory.adopt(credential, this.#reader.noticeWithout(credential.id));
  }

  async #writeSignIn(given: Credential): Promise<void> {
    const { id } = given;
    const status = await this.#reader.readIndex();
    const stored = await this.#store.readCredential(id);
    const before = Math.max(
      endedAt(this.#memory.index, id),
      this.#memory.get(id)?.credential.signedInAt ?? 0,
      stored.status === "found" ? stored.credential.signedInAt : 0,
    );
    // Every window takes the later sign-in for the newer one, also after the clock was put back.
    const credential = given.signedInAt > before ? given : { ...given, signedInAt: before + 1 };
    let isListed = false;
    try {
      await this.#store.writeCredential(credential);
      const { ids, active } = this.#memory.index;
      if (status !== "found" || !ids.includes(id) || active !== id) {
        isListed = true;
        await this.#holdOrGoOn(indexLock, () => this.#changeIndexUnlocked((index) => withAccount(index, id)));
      }
    } catch (error) {
      if (!(error instanceof KeyringSilent)) await this.#restore(credential, stored);
      const takeBack = () => this.#inTurn(() => this.#takeBack(credential, stored, isListed));
      throw afterwards(error, () => this.#holdOrGoOn(id, takeBack));
    }
    this.#reader.remember(true);
    this.#memory.adopt(credential, this.#reader.noticeWithout(id));
  }

  /** Puts back what stood in the place of the record of a sign-in that has failed, as far as the keyring lets us. */
  async #restore(credential: Credential, stored: StoredCredential): Promise<void> {
    const { id } = credential;
    // A write that was said to have failed may have come to pass.
    const now = await this.#store.readCredential(id).catch(() => undefined);
    if (now?.status !== "found" || now.credential.signedInAt !== credential.signedInAt) return;
    const before = this.#memory.newest(id, stored)?.credential;
    if (before) return this.#store.writeCredential(before).catch(() => {});
    if (isUnreadable(stored)) return this.#store.putBack(id).catch(() => {});
    // What could not be read may name the account, with an earlier record.
    if (this.#reader.isBlind || this.#memory.index.ids.includes(id)) return;
    await this.#reader.readIndex().catch(() => {});
    const isListed = this.#memory.index.ids.includes(id);
    if (isListed) await this.#changeIndex((index) => withoutAccount(index, credential)).catch(() => {});
    await this.#delete(id);
  }

  /**
   * A sign-in that was said to have failed must not appear when the keyring answers at last.
   * @param isListed whether it has written the index, too
   */
  async #takeBack(credential: Credential, stored: StoredCredential, isListed: boolean): Promise<void> {
    const { id, signedInAt } = credential;
    await this.#reader.readIndex();
    const now = await this.#store.readCredential(id).catch(() => undefined);
    const known = this.#memory.newest(id, { status: "none" })?.credential;
    // Written since, here or in another window, or signed in once more.
    if (now?.status === "found" && now.credential.signedInAt !== signedInAt) return;
    if (known && known.signedInAt > signedInAt) return;
    if (known && known.signedInAt < signedInAt) return this.#store.writeCredential(known);
    if (isUnreadable(stored)) return this.#store.putBack(id);
    // Another window has signed in, and this record took the place of its.
    const { index } = this.#memory;
    if (!isListed && index.ids.includes(id) && !hasEnded(index, credential)) return;
    await this.#changeIndex((changed) => withoutAccount(changed, credential));
    this.#memory.drop(id);
    await this.#delete(id);
  }

  /** Puts an account back into the index that another window has dropped from it by mistake. */
  #complete(): Promise<void> {
    return this.#changeIndex((index) => (this.#reader.isIncomplete ? index : undefined));
  }

  /** Reads the index, changes it and writes it, with no other window in between. */
  #changeIndex(change: (index: AccountIndex) => AccountIndex | undefined): Promise<void> {
    return this.#lock.hold(indexLock, () => this.#changeIndexUnlocked(change));
  }

  async #changeIndexUnlocked(change: (index: AccountIndex) => AccountIndex | undefined): Promise<void> {
    await this.#reader.readIndex();
    const changed = change(this.#memory.index);
    if (!changed) return;
    const next = { ...changed, generation: generationOf(this.#memory.index) + 1 };
    await this.#store.writeIndex(next, { besides: this.#reader.isBlind });
    this.#memory.replaceIndex(next);
  }

  /** Holds a lock, but not at the price of a sign-in, which there is only once: works without one that is not let go. */
  async #holdOrGoOn(name: string, work: () => Promise<void>): Promise<void> {
    let isHeld = false;
    try {
      await this.#lock.hold(name, () => {
        isHeld = true;
        return work();
      });
    } catch (error) {
      if (isHeld || !isProblem(error, "busyElsewhere")) throw error;
      this.#log.warn("Going on without a lock: its holder does not let go");
      await work();
    }
  }

  /** Deletes the record of a sign-in that has ended: the index says so already. */
  async #delete(id: string): Promise<void> {
    try {
      await this.#store.deleteCredential(id);
    } catch (error) {
      this.#log.error(`The record of a sign-in that has ended could not be deleted: ${describeError(error)}`);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch((error: unknown) => {
      if (!isProblem(error)) this.#log.error(`The secret store failed: ${describeError(error)}`);
    });
    return result;
  }
}

/** Whether there is a record that this version cannot read, and another may. */
function isUnreadable({ status }: StoredCredential): boolean {
  return status === "corrupt" || status === "newer";
}

/** Has `work` done if a write that was given up comes to pass after all. Returns the error, to be thrown. */
function afterwards(error: unknown, work: () => Promise<unknown>): unknown {
  if (error instanceof KeyringSilent) void error.late.then(work).catch(() => {});
  return error;
}
