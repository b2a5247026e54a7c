import { type Clock, systemClock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import type { Lock } from "../platform/lock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem, Problem } from "../platform/problem.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import type { IndexStatus, SecretStore } from "./secretStore.ts";
import { type AccountsState, createEntry, type Entry, type StorageNotice, signedOut } from "./state.ts";

/** Remembers outside the secrets that there are some, so that a keyring which forgets them is noticed. */
export interface SignedInHint {
  get(): boolean;
  set(signedIn: boolean): PromiseLike<void>;
}

/** For how long news may wait for what belongs to them, ms. */
const longestHoldMs = 10_000;

/** The one place that knows who is signed in: the stored records, a copy of them in memory, and one event. */
export class Accounts {
  readonly #store: SecretStore;
  readonly #lock: Lock;
  readonly #hint: SignedInHint;
  readonly #log: Logger;
  readonly #changed: Emitter<AccountsState>;
  #entries: ReadonlyMap<string, Entry> = new Map();
  #unreadable = new Map<string, StoredCredential["status"]>();
  #indexStatus: IndexStatus = "found";
  #hasRead = false;
  /** Renewed records that could not be stored yet: newer than what is stored. */
  readonly #unsaved = new Map<string, Credential>();
  #state: AccountsState = signedOut;
  /** What listeners were told last. */
  #told: AccountsState = signedOut;
  /** Works whose changes are told together when they end. */
  readonly #holds = new Set<object>();
  #loading: Promise<void> | undefined;
  /** A reading of everything that has not begun yet: it will see what is stored by now. */
  #reloading: Promise<void> | undefined;
  /** Changes of what is stored happen one after another. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(store: SecretStore, lock: Lock, hint: SignedInHint, log: Logger) {
    this.#store = store;
    this.#lock = lock;
    this.#hint = hint;
    this.#log = log;
    this.#changed = new Emitter((error) => log.error(`A listener of the accounts failed: ${describeError(error)}`));
  }

  get state(): AccountsState {
    return this.#state;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /**
   * Tells of what changes during some work when it has ended, so that listeners find what belongs to it done; after 10 s
   * in any case. The state itself is not held back.
   */
  async tellTogether<T>(work: () => Promise<T>, clock: Clock = systemClock): Promise<T> {
    const hold = {};
    this.#holds.add(hold);
    const release = () => {
      if (this.#holds.delete(hold)) this.#tell();
    };
    const limit = clock.after(longestHoldMs, release);
    try {
      return await work();
    } finally {
      limit.dispose();
      release();
    }
  }

  /** Reads what is stored, the first time it is called. */
  load(): Promise<void> {
    this.#loading ??= this.reload();
    return this.#loading;
  }

  /** Reads what is stored again and tells of what differs: another window may have changed it. */
  reload(): Promise<void> {
    this.#reloading ??= this.#inTurn(() => {
      this.#reloading = undefined;
      return this.#read();
    });
    return this.#reloading;
  }

  /** The record of an account, or of the active one. */
  entry(id: string | undefined = this.#state.active?.id): Entry | undefined {
    return id === undefined ? undefined : this.#entries.get(id);
  }

  /**
   * Reads one account's record again and adopts it when it differs.
   * Resolves with what is stored now, undefined when the account is gone.
   */
  reread(id: string): Promise<Entry | undefined> {
    return this.#inTurn(() => this.#reread(id));
  }

  /**
   * Stores the record of a sign-in, whose account becomes the active one, or a newer one of an account that is there.
   * @throws Problem `saveFailed`, `staleWindow`; what was stored before stays. `notSignedIn` when the account has gone
   */
  async put(credential: Credential, { activate = false } = {}): Promise<void> {
    await this.load();
    const write = () => this.#inTurn(() => this.#write(credential, activate));
    // Tokens of an earlier sign-in may just be renewed, in this window or another.
    if (activate && this.#entries.has(credential.id)) await this.#lock.hold(credential.id, write);
    else await write();
  }

  /** Keeps a record in memory that could not be stored yet. */
  keepInMemory(credential: Credential): void {
    this.#unsaved.set(credential.id, credential);
    this.#adopt(credential, this.#state.active?.id, this.#state.notice);
  }

  /**
   * Changes an account's record, as it is stored now, with nobody in between in any window.
   * Resolves with the new one, undefined when it is gone.
   */
  update(id: string, change: (credential: Credential) => Credential): Promise<Entry | undefined> {
    return this.#lock.hold(id, () => this.updateUnlocked(id, change));
  }

  /** The same for whoever holds the account's lock, or knows that no other window can be renewing its tokens. */
  updateUnlocked(id: string, change: (credential: Credential) => Credential): Promise<Entry | undefined> {
    return this.#inTurn(async () => {
      const entry = await this.#reread(id);
      if (!entry) return undefined;
      const changed = change(entry.credential);
      if (changed !== entry.credential) await this.#write(changed, false);
      return this.#entries.get(id);
    });
  }

  async setActive(id: string): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#entries.has(id)) throw new Problem("notSignedIn");
      const { index } = await this.#store.readIndex();
      await this.#store.writeIndex({ ...index, active: id });
      this.#setEntries(this.#entries, id, this.#state.notice);
    });
  }

  /** Removes an account from this computer; resolves with the record it had. */
  async remove(id: string): Promise<Entry | undefined> {
    await this.load();
    return this.#inTurn(async () => {
      const entry = this.#entries.get(id);
      const { index } = await this.#store.readIndex();
      const ids = index.ids.filter((other) => other !== id);
      const active = index.active === id ? ids[0] : index.active;
      if (ids.length === 0) await this.#hint.set(false);
      await this.#store.writeIndex({ version: 1, ids, ...(active !== undefined && { active }) });
      await this.#store.deleteCredential(id);
      this.#unsaved.delete(id);
      this.#setEntries(without(this.#entries, id), active, this.#state.notice);
      return entry;
    });
  }

  /**
   * Deletes a record that was stored although its account had been signed out meanwhile; resolves with whether it was.
   */
  dropUnlisted(id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const { index, status } = await this.#store.readIndex();
      if (status !== "found" || index.ids.includes(id)) return false;
      await this.#store.deleteCredential(id);
      this.#setEntries(without(this.#entries, id), index.active, this.#state.notice);
      return true;
    });
  }

  async #read(): Promise<void> {
    const { index, status } = await this.#store.readIndex();
    const stored = await Promise.all(index.ids.map(async (id) => [id, await this.#store.readCredential(id)] as const));
    const entries = new Map<string, Entry>();
    let notice: StorageNotice | undefined = status === "found" ? undefined : status;
    this.#indexStatus = status;
    this.#unreadable = new Map();
    for (const [id, record] of stored) {
      if (record.status === "found") entries.set(id, this.#entryOf(this.#newest(record.credential)));
      else {
        this.#unreadable.set(id, record.status);
        notice ??= record.status === "none" ? "notKept" : record.status;
      }
    }
    if (index.ids.length === 0 && status === "found" && !this.#hasRead && this.#hint.get()) {
      // Something was stored, nobody signed out, and it is gone: a keyring that keeps secrets in memory only.
      notice = "notKept";
      await this.#hint.set(false);
    } else if (this.#hasRead && entries.size === 0 && index.ids.length === 0) {
      // What was noticed at the start stays true until somebody signs in.
      notice ??= this.#state.notice;
    }
    this.#hasRead = true;
    if (notice && notice !== this.#state.notice) this.#log.warn(`What is stored is not all usable: ${notice}`);
    this.#setEntries(entries, index.active, notice);
  }

  async #reread(id: string): Promise<Entry | undefined> {
    const stored = await this.#store.readCredential(id);
    if (stored.status === "found") {
      return this.#adopt(this.#newest(stored.credential), this.#state.active?.id, this.#state.notice);
    }
    if (stored.status !== "none" || this.#unsaved.has(id)) return this.#entries.get(id);
    const { index } = await this.#store.readIndex();
    const notice = index.ids.includes(id) ? "notKept" : this.#state.notice;
    this.#setEntries(without(this.#entries, id), index.active, notice);
    return undefined;
  }

  async #write(credential: Credential, activate: boolean): Promise<void> {
    const { id } = credential;
    if (!activate && !this.#entries.has(id)) throw new Problem("notSignedIn");
    const replaced = this.#unreadable.get(id);
    await this.#store.writeCredential(credential, replaced);
    this.#unreadable.delete(id);
    this.#unsaved.delete(id);
    const active = activate || !this.#state.active ? id : this.#state.active.id;
    if (!this.#entries.has(id) || active !== this.#state.active?.id) {
      const { index } = await this.#store.readIndex();
      const ids = index.ids.includes(id) ? index.ids : [...index.ids, id];
      await this.#store.writeIndex({ version: 1, ids, active }, this.#indexStatus);
      this.#indexStatus = "found";
      await this.#hint.set(true);
    }
    this.#adopt(credential, active, this.#unreadable.size === 0 ? undefined : this.#state.notice);
  }

  #newest(stored: Credential): Credential {
    const unsaved = this.#unsaved.get(stored.id);
    const isNewer = unsaved?.signedInAt === stored.signedInAt && unsaved.sequence > stored.sequence;
    if (!isNewer) this.#unsaved.delete(stored.id);
    return isNewer ? unsaved : stored;
  }

  /** The entry in memory when it has this very record, so that identity tells whether something changed. */
  #entryOf(credential: Credential): Entry {
    const known = this.#entries.get(credential.id);
    return known && isSame(known.credential, credential) ? known : createEntry(credential);
  }

  #adopt(credential: Credential, active: string | undefined, notice: StorageNotice | undefined): Entry {
    const entry = this.#entryOf(credential);
    const same = this.#entries.get(credential.id) === entry && active === this.#state.active?.id;
    if (!same || notice !== this.#state.notice) {
      this.#setEntries(new Map(this.#entries).set(credential.id, entry), active, notice);
    }
    return entry;
  }

  #setEntries(
    entries: ReadonlyMap<string, Entry>,
    active: string | undefined,
    notice: StorageNotice | undefined,
  ): void {
    this.#entries = entries;
    const accounts = [...entries.values()].map((entry) => entry.account);
    this.#state = { accounts, active: accounts.find(({ id }) => id === active) ?? accounts[0], notice };
    this.#tell();
  }

  #tell(): void {
    if (this.#holds.size > 0 || isSame(this.#told, this.#state)) return;
    this.#told = this.#state;
    this.#changed.fire(this.#state);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch((error: unknown) => {
      if (!isProblem(error)) this.#log.error(`The secret store failed: ${describeError(error)}`);
    });
    return result;
  }
}

function without(entries: ReadonlyMap<string, Entry>, id: string): ReadonlyMap<string, Entry> {
  const rest = new Map(entries);
  rest.delete(id);
  return rest;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
