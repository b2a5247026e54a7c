import { isDeepStrictEqual } from "node:util";
import { inBackground } from "../platform/inBackground.ts";
import type { Logger } from "../platform/logger.ts";
import { type AccountIndex, generationOf, type IndexStatus, isBehind } from "./accountIndex.ts";
import type { AccountsMemory, ReadCredential } from "./accountsMemory.ts";
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

  /** Whether another window has dropped a sign-in, or the end of one, from the index by mistake. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  /** Accounts whose records are known, and were missing or older when everything was read last. */
  get lagging(): readonly string[] {
    return this.#lagging;
  }

  async read(): Promise<void> {
    const status = await this.readIndex();
    const { ids } = this.#memory.index;
    const read = await Promise.all(ids.map(async (id) => [id, await this.#readCredential(id)] as const));
    const { entries, unreadable } = this.#memory.newestOf(read);
    const failed = [...unreadable.values()].find((record) => record.status === "failed");
    // Nothing could be read, so this does not mean signed out.
    if (failed && entries.size === 0) throw failed.error;
    let notice = noticeOf(status) ?? [...unreadable.values()].map(({ status: of }) => noticeOf(of)).find(Boolean);
    if (status === "missing" && ids.length === 0 && !this.#hasRead && this.#hint.get() === true) {
      // Something was stored, nobody signed out, and it is gone: the keyring keeps secrets in memory only.
      notice = "notKept";
      this.remember("missing");
    } else if (this.#hasRead && ids.length === 0) {
      // What was noticed at the start holds until somebody signs in.
      notice ??= this.#memory.state.notice;
    }
    if (entries.size > 0 && this.#hint.get() !== true) this.remember(true);
    this.#hasRead = true;
    this.#isPartial = unreadable.size > 0 || (this.#isBlind && entries.size === 0);
    this.#unreadable = new Set(unreadable.keys());
    if (notice && notice !== this.#memory.state.notice) {
      this.#log.warn(`Not everything that is stored can be used: ${notice}`);
    }
    this.#memory.set(entries, notice);
    this.#lagging = read.filter(([id, record]) => isLagging(record, entries.get(id))).map(([id]) => id);
  }

  async readIndex(): Promise<IndexStatus> {
    const { index, status } = await this.#store.readIndex();
    if (status === "found") this.#isBlind = false;
    else if (status === "missing" && !index) this.#isBlind ||= this.#hint.get() !== false || this.#memory.hasIndex;
    const known = this.#memory.index;
    // What reads twice as older than what was written has been lost.
    const isBelieved = index && (isCurrent(index, known) || isDeepStrictEqual(index, this.#lastRead));
    this.#isIncomplete = isBelieved === true && isBehind(index, known);
    this.#lastRead = index;
    this.#memory.mergeIndex(index);
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
    if (record.status !== "found" || !this.#memory.index.ids.includes(id)) await this.readIndex().catch(() => {});
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

function noticeOf(status: IndexStatus | ReadCredential["status"]): StorageNotice | undefined {
  if (status === "corrupt" || status === "newer") return status;
  return status === "none" ? "notKept" : undefined;
}
