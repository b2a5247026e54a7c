import { describeError } from "../platform/logger.ts";
import { withinAwake } from "../platform/timeLimit.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { readSecret, type SecretStorage } from "./secretStorage.ts";

export interface SecretLimits {
  /** How long a read may take, ms. */
  readMs?: number;
  /** How long a store or a delete may take, ms: a keyring may ask for its password first. */
  writeMs?: number;
}

/** Secrets whose calls all end. */
export interface LimitedSecrets extends SecretStorage {
  /** All keys; none where the host does not list them. */
  keys(): Promise<string[]>;
  get(key: string): Promise<string | undefined>;
  store(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  /** Whether a write of a secret is under way, or was given up and may still be carried out. */
  isWriting(key: string): boolean;
}

/** The keyring did not answer in time. A write that had begun may still succeed. */
export class KeyringSilent extends Problem {
  /** Settles as the write does, perhaps never; after a newer value is in place again that the write has replaced. */
  readonly late: Promise<void>;

  constructor(late: Promise<void>) {
    super("keyringSilent");
    this.late = late;
    late.catch(() => {});
  }
}

/**
 * Does some work if a write that was given up succeeds after all.
 * @returns the error that the write was given up with, to be thrown
 */
export function afterLateWrite(error: unknown, work: () => Promise<unknown>): unknown {
  if (error instanceof KeyringSilent) void error.late.then(work).catch(() => {});
  return error;
}

/**
 * Secrets of which no call lasts forever. An answer that comes too late is dropped. Writes of one secret happen in the
 * order of the calls, and one that comes too late does not stay in place of what was stored after it.
 * Reads reject with Problem `keyringFailed` or `keyringSilent`, writes with `keyringSilent` or what the host throws.
 * @param assertCurrent is asked before a newer value is put in place again; where it throws, what is stored stays
 */
export function limitSecrets(
  secrets: SecretStorage,
  { readMs = 10_000, writeMs = 30_000 }: SecretLimits = {},
  assertCurrent: () => Promise<void> = async () => {},
): LimitedSecrets {
  const read = async <T>(ask: () => PromiseLike<T> | T): Promise<T> => {
    const answer = (async () => ask())();
    try {
      return await withinAwake(readMs, answer, () => new Problem("keyringSilent"));
    } catch (error) {
      throw isProblem(error) ? error : new Problem("keyringFailed", describeError(error));
    }
  };
  const get = (key: string) => read(() => secrets.get(key));
  const host: SecretStorage = {
    get,
    store: (key, value) => secrets.store(key, value),
    delete: (key) => secrets.delete(key),
    onDidChange: (listener) => secrets.onDidChange(listener),
  };
  /** The writes of each secret that have not ended. */
  const writing = new Map<string, SecretWrites>();
  const write = (key: string, value: string | undefined): Promise<void> => {
    const writes =
      writing.get(key) ?? new SecretWrites(host, key, { writeMs, assertCurrent, onIdle: () => writing.delete(key) });
    writing.set(key, writes);
    return writes.write(value);
  };
  return {
    ...host,
    get,
    keys: () => read(() => secrets.keys?.() ?? []),
    store: (key, value) => write(key, value),
    delete: (key) => write(key, undefined),
    isWriting: (key) => writing.has(key),
  };
}

/** A write that has begun. */
interface Write {
  /** What it stores; undefined for a delete. */
  readonly value: string | undefined;
  isDone: boolean;
  /** Resolves when it has succeeded or failed, perhaps never. */
  settled: Promise<void>;
}

/**
 * The writes of one secret. They happen in the order of the calls, and each has a limit. The next does not wait for one
 * that was given up; if that one is carried out after all, and takes the place of a newer value, the newer is written again.
 */
class SecretWrites {
  readonly #secrets: SecretStorage;
  readonly #key: string;
  readonly #limitMs: number;
  /** Resolves when the last write has settled or was given up. */
  #turn: Promise<void> = Promise.resolve();
  /** The write that was begun last. */
  #newest: Write | undefined;
  /** How many writes have not ended: under way, or given up and not settled. */
  #open = 0;

  readonly #assertCurrent: () => Promise<void>;
  readonly #onIdle: () => void;

  /**
   * @param secrets whose reads have limits
   * @param options `onIdle` is called when no write is open, so that nothing has to be remembered
   */
  constructor(
    secrets: SecretStorage,
    key: string,
    options: { writeMs: number; assertCurrent: () => Promise<void>; onIdle: () => void },
  ) {
    this.#secrets = secrets;
    this.#key = key;
    this.#limitMs = options.writeMs;
    this.#assertCurrent = options.assertCurrent;
    this.#onIdle = options.onIdle;
  }

  /** @throws KeyringSilent when it was given up, or what the host throws */
  async write(value: string | undefined): Promise<void> {
    const before = this.#turn;
    const over = Promise.withResolvers<void>();
    this.#turn = over.promise;
    this.#open += 1;
    let isGivenUp = false;
    const done = (async () => {
      await before;
      if (isGivenUp) throw new Problem("keyringSilent");
      await this.#begin(value);
    })();
    done.then(over.resolve, over.resolve);
    const ended = done.finally(() => this.#close());
    ended.catch(() => {});
    await withinAwake(this.#limitMs, ended, () => {
      isGivenUp = true;
      over.resolve();
      this.#open += 1;
      return new KeyringSilent(this.#restoredAfter(throughLimits(ended), value));
    });
  }

  async #begin(value: string | undefined): Promise<void> {
    const work = (async () => {
      await (value === undefined ? this.#secrets.delete(this.#key) : this.#secrets.store(this.#key, value));
    })();
    const one: Write = { value, isDone: false, settled: throughLimits(work).catch(() => {}) };
    this.#newest = one;
    await work;
    one.isDone = true;
  }

  /** Settles as a late write does. One that is reported as failed may have been carried out, too. */
  async #restoredAfter(late: Promise<void>, value: string | undefined): Promise<void> {
    try {
      await late;
      await this.#restore(value, true).catch(() => {});
    } catch (error) {
      await this.#restore(value, false).catch(() => {});
      throw error;
    } finally {
      this.#close();
    }
  }

  /** @param hasSucceeded whether the late write is known to have been carried out */
  async #restore(late: string | undefined, hasSucceeded: boolean): Promise<void> {
    const newest = this.#newest;
    if (!newest) return;
    await newest.settled;
    if (this.#newest !== newest) return this.#restore(late, hasSucceeded);
    if (!newest.isDone || newest.value === late) return;
    const read = readSecret(this.#secrets, this.#key);
    // Another window may have stored something since: that stays.
    const text = await (hasSucceeded ? read.catch(() => late) : read);
    if (text !== late) return;
    await this.#assertCurrent();
    if (this.#newest === newest) await this.write(newest.value);
  }

  #close(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#onIdle();
  }
}

/** Settles as a write does that has a limit of its own: late, when that was over. */
async function throughLimits(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof KeyringSilent)) throw error;
    await error.late;
  }
}
