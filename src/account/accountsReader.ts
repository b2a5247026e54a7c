import { isDeepStrictEqual } from "node:util";
import { inBackground } from "../platform/inBackground.ts";
import type { Logger } from "../platform/logger.ts";
import { type AccountIndex, generationOf, type IndexStatus, isBehind, withFound } from "./accountIndex.ts";
import type { AccountsMemory, ReadCredential } from "./accountsMemory.ts";
import { type FoundRecords, findRecords } from "./foundRecords.ts";
import { isNewer } from "./recordOrder.ts";
import type { SecretStore } from "./secretStore.ts";
import type { Entry, StorageNotice } from "./state.ts";

/**
 * Remembers outside the secrets whether somebody is signed in, so that a keyring which forgets secrets is noticed.
 * `missing` after the person was warned, until somebody signs out or the secrets are found again.
 */
export interface SignedInHint {
  get(): boolean | "missing";
  set(signedIn: boolean | "missing"): PromiseLike<void>;
}

export interface AccountsReaderDependencies {
  store: SecretStore;
  memory: AccountsMemory;
  hint: SignedInHint;
  log: Logger;
}

/** Reads what is stored into a window's memory. Called in turn by `Accounts`. */
export class AccountsReader {
  readonly #store: SecretStore;
  readonly #memory: AccountsMemory;
  readonly #hint: SignedInHint;
  readonly #log: Logger;
  /** Accounts of the index whose records could not be read, and are not known from before. */
  #unreadable = new Set<string>();
  #hasRead = false;
  #isPartial = false;
  /** The hint or what is known says that there is an index, but it could not be read. */
  #isBlind = false;
  #isIncomplete = false;
  #hasLooked = false;
  #found: FoundRecords | undefined;
  /** Why neither the index nor its copy could be read last. */
  #failure: unknown;
  #lagging: readonly string[] = [];
  /** The index as it was read last. */
  #lastRead: AccountIndex | undefined;

  constructor({ store, memory, hint, log }: AccountsReaderDependencies) {
    this.#store = store;
    this.#memory = memory;
    this.#hint = hint;
    this.#log = log;
  }

  /** Whether an account that must exist was missing when everything was read last. */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  /** Whether there is an index that could not be read. */
  get isBlind(): boolean {
    return this.#isBlind;
  }

  /** Whether nobody is known to have signed in before. */
  get isFirstUse(): boolean {
    return !this.#hint.get() && !this.#memory.hasIndex;
  }

  /** Whether a sign-in, or the end of one, is missing in the index: another window dropped it, or could not read it. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  /** Accounts whose records are known, and were missing or older when everything was read last. */
  get lagging(): readonly string[] {
    return this.#lagging;
  }

  /** What was found that the index does not name, once. */
  takeFound(): FoundRecords | undefined {
    const found = this.#found;
    this.#found = undefined;
    return found;
  }

  /** @throws Problem `keyringFailed`, `keyringSilent` when nothing could be read */
  async read(): Promise<void> {
    const memory = this.#memory;
    const status = await this.readIndex();
    if (status === "failed" && this.#failure) {
      if (!memory.hasIndex) memory.noteUnread("all");
      this.#isPartial = true;
      memory.follow(memory.state.notice);
      throw this.#failure;
    }
    await this.#find(status);
    const read = await this.#readRecords();
    const { entries, unreadable } = memory.newestOf(read);
    const failed = [...unreadable].filter(([, record]) => record.status === "failed");
    memory.noteUnread(failed.map(([id]) => id));
    this.#isPartial = unreadable.size > 0 || (this.#isBlind && entries.size === 0);
    this.#unreadable = new Set(unreadable.keys());
    const [[, failure] = []] = failed;
    // Nothing could be read, so this does not mean signed out.
    if (failure?.status === "failed" && entries.size === 0) {
      memory.set(entries, memory.state.notice);
      throw failure.error;
    }
    const notice = this.#noticeOf(status, unreadable);
    this.#rememberHint(entries.size > 0);
    this.#hasRead = true;
    if (notice && notice !== memory.state.notice)
      this.#log.warn(`Not everything that is stored can be used: ${notice}`);
    memory.set(entries, notice);
    this.#lagging = read.filter(([id, record]) => isLagging(record, entries.get(id))).map(([id]) => id);
  }

  /** The records of all accounts of the index. One that is missing may have gone because of a sign-out just now. */
  async #readRecords(): Promise<(readonly [id: string, record: ReadCredential])[]> {
    const ids = [...this.#memory.index.ids];
    const read = await Promise.all(ids.map(async (id) => [id, await this.#readCredential(id)] as const));
    if (read.some(([, { status }]) => status === "none")) await this.readIndex();
    return read.filter(([id]) => this.#memory.index.ids.includes(id));
  }

  #noticeOf(
    status: IndexStatus | "failed",
    unreadable: ReadonlyMap<string, ReadCredential>,
  ): StorageNotice | undefined {
    const notice = noticeOf(status) ?? [...unreadable.values()].map(({ status: of }) => noticeOf(of)).find(Boolean);
    const isNobody = this.#memory.index.ids.length === 0;
    // What was noticed at the start holds until somebody signs in.
    if (this.#hasRead) return notice ?? (isNobody ? this.#memory.state.notice : undefined);
    if (status !== "missing" || this.#memory.hasIndex || this.#hint.get() !== true) return notice;
    // Something was stored, nobody signed out, and it is gone: the keyring keeps secrets in memory only.
    this.remember("missing");
    return "notKept";
  }

  /** Profiles share the secrets, but not the hint: somebody may have signed in or out in another one. */
  #rememberHint(isSignedIn: boolean): void {
    const { ids, removed = [] } = this.#memory.index;
    if (isSignedIn && this.#hint.get() !== true) this.remember(true);
    else if (ids.length === 0 && removed.length > 0 && !this.#isBlind && this.#hint.get() !== false) {
      this.remember(false);
    }
  }

  /** Looks for records that the index does not name: at the start, and where the index is damaged. */
  async #find(status: IndexStatus | "failed"): Promise<void> {
    if (status === "newer" || status === "failed") return;
    if (this.#hasLooked && status === "found") return;
    this.#hasLooked = true;
    const { unnamed, remains } = await findRecords(this.#store, this.#memory.index);
    const found = { unnamed: unnamed.filter((record) => !this.#memory.isRefused(record)), remains };
    if (found.unnamed.length === 0 && found.remains.length === 0) return;
    this.#log.warn("Records were found that the index of the accounts does not name");
    this.#memory.mergeIndex(withFound(this.#memory.index, found.unnamed));
    this.#found = found;
  }

  /**
   * Reads the index and merges it with what is known. Never rejects: an index that cannot be read is `failed`, and what
   * is written then goes to the copy alone.
   */
  async readIndex(): Promise<IndexStatus | "failed"> {
    const { index, status, isCopyAhead, failure } = await this.#store.readIndex().then(
      (read) => ({ ...read, failure: undefined }),
      (error: unknown) => ({ index: undefined, status: "failed" as const, isCopyAhead: false, failure: error }),
    );
    this.#failure = failure;
    const known = this.#memory.index;
    this.#memory.mergeIndex(index);
    if (status === "found") this.#isBlind = false;
    else if (status === "failed") this.#isBlind = true;
    // Its copy may be one that was written while the index could not be read.
    else if (status === "missing") this.#isBlind ||= this.#hint.get() !== false || this.#memory.hasIndex;
    // What reads twice as older than what was written has been lost.
    const isBelieved = index && (isCurrent(index, known) || isDeepStrictEqual(index, this.#lastRead));
    this.#isIncomplete = isCopyAhead || (isBelieved === true && isBehind(index, known));
    this.#lastRead = index;
    return status;
  }

  async #readCredential(id: string): Promise<ReadCredential> {
    try {
      return await this.#store.readCredential(id);
    } catch (error) {
      return { status: "failed", error };
    }
  }

  async reread(id: string): Promise<Entry | undefined> {
    const record = await this.#readCredential(id);
    // It may be missing because of a sign-out.
    if (record.status !== "found" || !this.#memory.index.ids.includes(id)) await this.readIndex();
    const entry = this.#memory.index.ids.includes(id) ? this.#memory.newest(id, record) : undefined;
    if (entry) return this.#memory.adopt(entry.credential, this.#memory.state.notice);
    if (record.status === "failed") throw record.error;
    if (this.#memory.get(id)) this.#memory.drop(id);
    return undefined;
  }

  remember(signedIn: boolean | "missing"): void {
    inBackground(this.#hint.set(signedIn), this.#log, "Whether somebody is signed in could not be remembered");
  }

  /** The notice that remains when an account's record is readable. */
  noticeWithout(id: string): StorageNotice | undefined {
    this.#unreadable.delete(id);
    return this.#unreadable.size === 0 ? undefined : this.#memory.state.notice;
  }
}

function isLagging(read: ReadCredential, known: Entry | undefined): boolean {
  if (!known || read.status === "failed" || read.status === "newer") return false;
  return read.status !== "found" || isNewer(known.credential, read.credential);
}

/** Whether what was read is no older than what is known. */
function isCurrent(read: AccountIndex, known: AccountIndex): boolean {
  return read.generation !== undefined && read.generation >= generationOf(known);
}

function noticeOf(status: IndexStatus | "failed" | ReadCredential["status"]): StorageNotice | undefined {
  if (status === "corrupt" || status === "newer") return status;
  return status === "none" ? "notKept" : undefined;
}
