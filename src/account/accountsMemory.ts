import { isDeepStrictEqual } from "node:util";
import { type Clock, systemClock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { type AccountIndex, hasEnded, mergeIndexes, noAccounts } from "./accountIndex.ts";
import type { Credential, StoredCredential } from "./credential.ts";
import { isOf } from "./recordOrder.ts";
import { isOfNoted, type NotedSignIn } from "./signInNotes.ts";
import { type AccountsState, createEntry, type Entry, type StorageNotice, signedOut } from "./state.ts";
import { SupersededRecords } from "./supersededRecords.ts";

/** The outcome of reading a record; `failed` when the keyring did not answer. */
export type ReadCredential = StoredCredential | { status: "failed"; error: unknown };

/** How long the event may be held back, ms. */
const longestHoldMs = 10_000;

/** What this window knows of the accounts. Decides which of two records, or indexes, is believed. */
export class AccountsMemory {
  readonly #changed: Emitter<AccountsState>;
  readonly #superseded = new SupersededRecords();
  /** Everything of the index that has been read or written, merged. */
  #index: AccountIndex = noAccounts;
  #entries: ReadonlyMap<string, Entry> = new Map();
  /** The sign-ins that have failed, by account: those of this window, and those that others have noted. */
  readonly #refused = new Map<string, (Credential | NotedSignIn)[]>();
  #unread: readonly string[] | "all" = [];
  #state: AccountsState = signedOut;
  /** The state that listeners have. */
  #told: AccountsState = signedOut;
  /** Work under way during which the event is held back. */
  readonly #holds = new Set<object>();

  constructor(log: Logger) {
    this.#changed = new Emitter((error) => log.error(`A listener of the accounts failed: ${describeError(error)}`));
  }

  get index(): AccountIndex {
    return this.#index;
  }

  /** Whether an index has been read or written. */
  get hasIndex(): boolean {
    return this.#index !== noAccounts;
  }

  get state(): AccountsState {
    return this.#state;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** See `Accounts.tellTogether`. */
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

  /** Takes in an index that was read or written. */
  mergeIndex(read: AccountIndex | undefined): void {
    const isOfFirstBuild = read?.generation === undefined && this.#index.generation === undefined;
    // The first builds wrote no ends: an empty list meant that somebody had signed out.
    this.#index = read && isOfFirstBuild && read.ids.length === 0 ? read : mergeIndexes(this.#index, read);
  }

  /** A sign-in has failed: its record is not believed where it is read, and the one before it where it has been. */
  refuse(signIn: Credential | NotedSignIn): void {
    const known = this.#refused.get(signIn.id) ?? [];
    if (known.some((one) => isDeepStrictEqual(one, signIn))) return;
    this.#refused.set(signIn.id, [...known, signIn]);
    const current = this.#entries.get(signIn.id)?.credential;
    if (!current || !this.isRefused(current)) return;
    const before = this.#superseded.of(signIn.id).findLast((record) => !this.#isOver(record));
    if (before) this.adopt(before, this.#state.notice);
    else this.drop(signIn.id);
  }

  isRefused(record: Credential): boolean {
    const refused = this.#refused.get(record.id) ?? [];
    return refused.some((signIn) => ("tokens" in signIn ? isOf(record, signIn) : isOfNoted(record, signIn)));
  }

  /** When the latest sign-in of an account began that has failed; minus infinity if there is none. */
  refusedAt(id: string): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...(this.#refused.get(id) ?? []).map(({ signedInAt }) => signedInAt));
  }

  /** The newest record of the same sign-in that this window has known: this one, or one that has been replaced since. */
  newestOfSignIn(credential: Credential): Credential {
    return this.#superseded.newestOf(credential);
  }

  /** What is believed of an account of the index after its record was read; undefined when nothing is known. */
  newest(id: string, record: ReadCredential): Entry | undefined {
    const entry = this.#entries.get(id);
    const known = entry && !this.#isOver(entry.credential) ? entry : undefined;
    if (record.status !== "found" || this.#isOver(record.credential)) return known;
    if (known && this.#superseded.isOlder(record.credential, known.credential)) return known;
    return this.#entryOf(record.credential);
  }

  /** The same for all accounts of the index: what is known of them then, and what could not be read. */
  newestOf(read: readonly (readonly [id: string, record: ReadCredential])[]) {
    const entries = new Map<string, Entry>();
    const unreadable = new Map<string, ReadCredential>();
    for (const [id, record] of read) {
      const entry = this.newest(id, record);
      if (entry) entries.set(id, entry);
      else unreadable.set(id, record);
    }
    return { entries, unreadable };
  }

  adopt(credential: Credential, notice: StorageNotice | undefined): Entry {
    const entry = this.#entryOf(credential);
    this.set(new Map(this.#entries).set(credential.id, entry), notice);
    return entry;
  }

  drop(id: string): void {
    const rest = new Map(this.#entries);
    rest.delete(id);
    this.set(rest, this.#state.notice);
  }

  /** Notes which records could not be read; `all` if not even the index. To be followed by `set`. */
  noteUnread(unread: readonly string[] | "all"): void {
    this.#unread = unread;
  }

  /** Sets what is known, and fires the event when something that is shown has changed. */
  set(entries: ReadonlyMap<string, Entry>, notice: StorageNotice | undefined): void {
    for (const [id, entry] of entries) {
      const replaced = this.#entries.get(id);
      if (replaced && replaced !== entry) this.#superseded.note(replaced.credential, entry.credential);
    }
    this.#replaceEntries(entries);
    this.follow(notice);
  }

  /** Brings the state into line with the index. */
  follow(notice: StorageNotice | undefined): void {
    const { ids } = this.#index;
    const listed = [...this.#entries].filter(([id, { credential }]) => ids.includes(id) && !this.#isOver(credential));
    this.#replaceEntries(new Map(listed));
    if (this.#unread !== "all") this.#unread = this.#unread.filter((id) => !this.#entries.has(id));
    const accounts = [...this.#entries.values()].map((entry) => entry.account);
    const active = accounts.find(({ id }) => id === this.#index.active) ?? accounts[0];
    const unread = this.#unread === "all" ? this.#unread : this.#unread.filter((id) => ids.includes(id));
    const state = { accounts, active, notice, ...(unread.length > 0 && { unread }) };
    if (!isDeepStrictEqual(this.#state, state)) this.#state = state;
    this.#tell();
  }

  #replaceEntries(entries: ReadonlyMap<string, Entry>): void {
    for (const [id, { credential }] of this.#entries) if (!entries.has(id)) this.#superseded.note(credential);
    this.#entries = entries;
  }

  #tell(): void {
    if (this.#holds.size > 0 || isDeepStrictEqual(this.#told, this.#state)) return;
    this.#told = this.#state;
    this.#changed.fire(this.#state);
  }

  #isOver(credential: Credential): boolean {
    return hasEnded(this.#index, credential) || this.isRefused(credential);
  }

  /** The entry in memory if it has this record, so that its identity tells whether something has changed. */
  #entryOf(credential: Credential): Entry {
    const known = this.#entries.get(credential.id);
    return known && isDeepStrictEqual(known.credential, credential) ? known : createEntry(credential);
  }
}
