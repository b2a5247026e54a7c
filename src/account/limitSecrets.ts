import { describeError } from "../platform/logger.ts";
import { within } from "../platform/within.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { SecretStorage } from "./secretStorage.ts";

export interface SecretLimits {
  /** How long a read may take, ms. */
  readMs?: number;
  /** How long a store or a delete may take, ms: a keyring may ask for its password first. */
  writeMs?: number;
}

/** Secrets whose calls all end. */
export interface LimitedSecrets extends SecretStorage {
  get(key: string): Promise<string | undefined>;
  store(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** The keyring did not answer in time. A write that had begun may still succeed. */
export class KeyringSilent extends Problem {
  /** Settles as the write does, perhaps never. */
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
 * order of the calls, so that a late one never replaces what was stored after it.
 * Reads reject with Problem `keyringFailed` or `keyringSilent`, writes with `keyringSilent` or what the host throws.
 */
export function limitSecrets(
  secrets: SecretStorage,
  { readMs = 10_000, writeMs = 30_000 }: SecretLimits = {},
): LimitedSecrets {
  /** The last write of each secret that has not settled. */
  const writing = new Map<string, Promise<void>>();
  const write = async (key: string, work: () => PromiseLike<void>): Promise<void> => {
    const before = writing.get(key);
    let isGivenUp = false;
    const done = (async () => {
      await before?.catch(() => {});
      if (isGivenUp) throw new Problem("keyringSilent");
      await work();
    })();
    writing.set(key, done);
    const forget = () => {
      if (writing.get(key) === done) writing.delete(key);
    };
    done.then(forget, forget);
    await within(writeMs, done, () => {
      isGivenUp = true;
      return new KeyringSilent(done);
    });
  };
  return {
    async get(key) {
      const answer = (async () => secrets.get(key))();
      try {
        return await within(readMs, answer, () => new Problem("keyringSilent"));
      } catch (error) {
        throw isProblem(error) ? error : new Problem("keyringFailed", describeError(error));
      }
    },
    store: (key, value) => write(key, () => secrets.store(key, value)),
    delete: (key) => write(key, () => secrets.delete(key)),
    onDidChange: (listener) => secrets.onDidChange(listener),
  };
}
