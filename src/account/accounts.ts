import type { Clock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { remember } from "../platform/remember.ts";
import { TaskQueue } from "../platform/taskQueue.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { hasEnded, withAccount } from "./accountIndex.ts";
import { AccountsMemory } from "./accountsMemory.ts";
import { AccountsReader, type SignedInHint } from "./accountsReader.ts";
import { AccountsWriter } from "./accountsWriter.ts";
import type { Credential } from "./credential.ts";
import { EndedAccounts, type Ending } from "./endedAccounts.ts";
import type { Releases } from "./holdUnlessStuck.ts";
import { InterruptedSignIns } from "./interruptedSignIns.ts";
import { isNewer } from "./recordOrder.ts";
import { RecordRepair } from "./recordRepair.ts";
import { fingerprintOf, isSuperseded, type RefreshNotes } from "./refreshNotes.ts";
import type { ReplacedTokens } from "./replacedTokens.ts";
import type { SecretStore } from "./secretStore.ts";
import { noSignInNotes, type SignInNotes } from "./signInNotes.ts";
import { SignInWriter } from "./signInWriter.ts";
import type { AccountsState, Entry } from "./state.ts";

export interface AccountsDependencies {
  store: SecretStore;
  lock: Lock;
  hint: SignedInHint;
  refreshNotes: Pick<RefreshNotes, "read" | "write">;
  /** Of sign-ins that are being stored. */
  signInNotes: SignInNotes;
  /** Of sign-ins that have failed and may be stored all the same. */
  failedNotes?: SignInNotes;
  replacedTokens: Pick<ReplacedTokens, "change" | "isFinished">;
  clock: Pick<Clock, "now">;
  log: Logger;
}

/**
 * Knows who is signed in: the stored records, a copy of them in memory, and one event. What reads as missing, older or
 * unreadable is a failed read, which changes nothing of what is known: an account goes when the index says that its
 * sign-in has ended.
 */
export class Accounts {
  readonly #dependencies: AccountsDependencies;
  readonly #memory: AccountsMemory;
  readonly #reader: AccountsReader;
  readonly #writer: AccountsWriter;
  readonly #signIns: SignInWriter;
  readonly #interrupted: InterruptedSignIns;
  readonly #repair: RecordRepair;
  readonly #read: Emitter<void>;
  /** Sign-ins that have ended. */
  readonly ended: EndedAccounts;
  /** Records that are shown as rejected because newer tokens must exist: never stored. */
  readonly #neverStored = new WeakSet<Credential>();
  /** Records that somebody is still trying to store. */
  readonly #unsaved = new WeakSet<Credential>();
  readonly #releases: Releases = new Set();
  readonly #loaded = remember(() => this.reload());
  /** A reading of everything that is queued and has not begun: it will see what is stored by now. */
  #queuedReload: Promise<void> | undefined;
  /** What reads or changes the stored records happens one after another. */
  readonly #queue = new TaskQueue();

  constructor(dependencies: AccountsDependencies) {
    const { store, lock, hint, refreshNotes, signInNotes, replacedTokens, clock, log } = dependencies;
    const { failedNotes = noSignInNotes } = dependencies;
    this.#dependencies = dependencies;
    this.#memory = new AccountsMemory(log);
    this.#reader = new AccountsReader({ store, memory: this.#memory, hint, log });
    const common = { store, memory: this.#memory, reader: this.#reader, lock, log, releases: this.#releases };
    this.#writer = new AccountsWriter(common);
    const inTurn = <T>(work: () => Promise<T>) => this.#inTurn(work);
    const whole = { ...common, writer: this.#writer, inTurn };
    const mayStore = (credential: Credential) => this.#mayStore(credential);
    const undoing = { ...whole, refreshNotes, replacedTokens, mayStore };
    const onEnded = () => this.#read.fire();
    this.#signIns = new SignInWriter({ ...undoing, signInNotes, failedNotes });
    this.#interrupted = new InterruptedSignIns({ ...undoing, signInNotes, failedNotes, clock, onEnded });
    this.#repair = new RecordRepair(undoing);
    this.ended = new EndedAccounts({ ...whole, clock, onEnded });
    this.#read = new Emitter((error) => log.error(`After reading the accounts: ${describeError(error)}`));
  }

  get state(): AccountsState {
    return this.#memory.state;
  }

  get onDidChange() {
    return this.#memory.onDidChange;
  }

  /** Fires when everything that is stored has been read, and when an end was written later than it was reported. */
  get onDidRead() {
    return this.#read.event;
  }

  /**
   * Holds the event back during some work, so that listeners find everything done that belongs to a change; for 10 s at
   * most. The state itself is not held back.
   */
  tellTogether<T>(work: () => Promise<T>, clock?: Clock): Promise<T> {
    return this.#memory.tellTogether(work, clock);
  }

  /**
   * Reads what is stored, the first time it is called; again when that has failed or something read as missing, even a
   * single account.
   * @throws Problem `keyringFailed`, `keyringSilent`
   */
  load(): Promise<void> {
    return this.#reader.isPartial ? this.reload() : this.#loaded.get();
  }

  /**
   * Reads what is stored again, as another window may have changed it.
   * @throws Problem `keyringFailed`, `keyringSilent`; what is known stays
   */
  reload(): Promise<void> {
    this.#queuedReload ??= this.#inTurn(async () => {
      this.#queuedReload = undefined;
      await this.#interrupted.refuseFailed();
      await this.#reader.read();
      this.#makeGood();
      this.#read.fire();
    });
    return this.#queuedReload;
  }

  /** Writes again what the keyring or another window has lost, without anybody waiting for it. */
  #makeGood(): void {
    const found = this.#reader.takeFound();
    if (found) void this.#inTurn(() => this.#writer.noteFound(found)).catch(() => {});
    else if (this.#reader.isIncomplete) void this.#inTurn(() => this.#writer.completeIndex()).catch(() => {});
    void this.#interrupted.complete();
    for (const id of this.#reader.lagging) {
      const known = this.#memory.get(id)?.credential;
      if (!known || this.#unsaved.has(known)) continue;
      this.#repair.repair(id).catch((error: unknown) => {
        this.#dependencies.log.debug(`A record was not repaired: ${describeError(error)}`);
      });
    }
  }

  /** Resolves when every lock is released whose work is done; for a shutdown. */
  async settled(): Promise<void> {
    await Promise.all(this.#releases);
  }

  /** The record of an account, or of the active one. */
  entry(id: string | undefined = this.state.active?.id): Entry | undefined {
    return id === undefined ? undefined : this.#memory.get(id);
  }

  /**
   * Reads one account's record again and adopts it when it is newer than what is known.
   * @returns what is known then, undefined when the account is signed out
   */
  reread(id: string): Promise<Entry | undefined> {
    return this.#inTurn(() => this.#reader.reread(id));
  }

  /**
   * Stores the record of a sign-in, whose account becomes the active one.
   * @param complete adds what has come by the time of writing
   * @throws Problem `saveFailed`, `keyringFailed`, `keyringSilent`, `staleWindow`; what was stored before stays
   */
  async storeSignIn(credential: Credential, complete = (record: Credential) => record): Promise<void> {
    // What cannot be read does not keep anybody from signing in.
    await this.#loaded.get().catch(() => {});
    await this.#signIns.store(credential, complete);
  }

  /**
   * Stores a newer record of an account that is signed in. One that turns out to be older than what is stored is left
   * alone; one with tokens that are not the newest is only kept in memory.
   * @throws as `storeSignIn`, and Problem `notSignedIn` when the account has gone
   */
  async store(credential: Credential): Promise<void> {
    if (!this.#memory.get(credential.id)) await this.#loaded.get();
    await this.#inTurn(async () => {
      const before = this.#memory.get(credential.id);
      // A refreshed record is stored at once: a window that is killed until then loses the sign-in.
      if (before && before.credential !== credential && !isNewer(credential, before.credential)) {
        const known = await this.#reader.reread(credential.id);
        if (known && isNewer(known.credential, credential)) return;
        if (await this.isOlder(credential)) return this.showAsRejected(credential);
      }
      await this.#writer.write(credential);
      this.#unsaved.delete(credential);
    });
  }

  /**
   * Stores the record of a login whose refresh token has passed to another owner, and notes that beside the secrets:
   * whoever reads an older value of the record must not use that token.
   * @throws as `store`
   */
  async passOn(credential: Credential): Promise<void> {
    const { id, issuer, sequence, tokens, receivedAt } = credential;
    const refreshToken = this.entry(id)?.credential.tokens.refreshToken;
    await this.store(credential);
    const note = { sequence, hash: fingerprintOf(tokens.refreshToken), at: receivedAt };
    const { refreshNotes, replacedTokens, log } = this.#dependencies;
    await refreshNotes
      .write(credential, note)
      // A sign-in that failed may have left it there.
      .then(() => (refreshToken ? replacedTokens.change(id, { removed: [{ issuer, refreshToken }] }) : undefined))
      .catch((error: unknown) => log.warn(`A new owner was not noted: ${describeError(error)}`));
  }

  /** Whether the tokens have been refreshed or passed on since, according to the note beside the secrets. */
  async isOlder(credential: Credential): Promise<boolean> {
    return isSuperseded(credential, await this.#dependencies.refreshNotes.read(credential));
  }

  async #mayStore(credential: Credential): Promise<boolean> {
    return !this.#neverStored.has(credential) && !(await this.isOlder(credential));
  }

  /** Keeps a record in memory that could not be stored yet; whoever calls this tries again. */
  keepInMemory(credential: Credential): void {
    this.#unsaved.add(credential);
    this.#memory.adopt(credential, this.state.notice);
  }

  /**
   * Shows an account as rejected because its newest tokens cannot be found. Nothing is stored: what was read may be an
   * older value, and the next reading may find them.
   */
  showAsRejected(credential: Credential): void {
    this.#neverStored.add(credential);
    this.keepInMemory(credential);
  }

  /**
   * Changes an account's record, as it is stored now, while no other window does. A record that is known to be older
   * than what is stored is left alone.
   * @returns the new one, undefined when the account has gone
   */
  update(id: string, change: (credential: Credential) => Credential): Promise<Entry | undefined> {
    return this.#dependencies.lock.hold(id, () => this.updateUnlocked(id, change));
  }

  /** The same for a caller who holds the account's lock, or knows that no other window can be refreshing its tokens. */
  updateUnlocked(id: string, change: (credential: Credential) => Credential): Promise<Entry | undefined> {
    return this.#inTurn(async () => {
      const entry = await this.#reader.reread(id);
      if (!entry || !(await this.#mayStore(entry.credential))) return entry;
      const changed = change(entry.credential);
      if (changed !== entry.credential) await this.#writer.write(changed);
      return this.#memory.get(id);
    });
  }

  /** @throws Problem `notSignedIn`, and as `store` */
  async setActive(id: string): Promise<void> {
    await this.#inTurn(async () => {
      const entry = this.#memory.get(id);
      if (!entry) throw new Problem("notSignedIn");
      await this.#writer.changeIndex((index) => withAccount(index, id, entry.credential.signedInAt));
      this.#memory.follow(this.state.notice);
      if (!this.#memory.get(id)) throw new Problem("notSignedIn");
    });
  }

  /**
   * Ends the sign-in of an account. Its tokens are then to be revoked and deleted, see `SignOut`.
   * @returns undefined when it is not signed in
   * @throws as `store`; then it stays
   */
  async end(id: string): Promise<Ending | undefined> {
    // Also where nothing but its name can be read.
    if (!this.#memory.get(id) && !this.state.unread?.includes(id)) await this.#loaded.get();
    return this.ended.end(id);
  }

  /**
   * Deletes a record that was stored although its sign-in had ended meanwhile.
   * @param mayDelete is asked first, as the record may be the only place of a token that is to be revoked
   * @returns whether it had ended
   */
  async dropIfSignedOut(credential: Credential, mayDelete = async () => true): Promise<boolean> {
    const { id } = credential;
    const isOver = await this.#inTurn(async () => {
      await this.#reader.readIndex();
      const entry = this.#memory.get(id);
      if (entry && hasEnded(this.#memory.index, entry.credential)) this.#memory.drop(id);
      return hasEnded(this.#memory.index, credential);
    });
    if (!isOver || !(await mayDelete())) return isOver;
    await this.#inTurn(async () => {
      const stored = await this.#dependencies.store.readCredential(id);
      const isOlder = stored.status === "found" && hasEnded(this.#memory.index, stored.credential);
      if (isOlder) await this.#writer.deleteRecord(id);
    });
    return true;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.run(work);
    result.catch((error: unknown) => {
      if (!isProblem(error)) this.#dependencies.log.error(`The secret store failed: ${describeError(error)}`);
    });
    return result;
  }
}
