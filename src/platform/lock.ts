import { mkdir, rmdir, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "../shared/problem.ts";
import { errnoOf } from "./errno.ts";
import { createFolder, LockWatch } from "./lockWatch.ts";
import { describeError, type Logger } from "./logger.ts";

/** Keeps two pieces of work on the same thing apart, across windows and processes. */
export interface Lock {
  /**
   * Runs `work` while nobody else holds `name` (letters, digits, dashes).
   * @param instead called again and again while somebody else holds the lock; once it resolves with a value, that value
   * is returned and `work` does not run
   * @throws Problem `busyElsewhere` when the holder is alive and keeps the lock for too long
   */
  hold<T>(name: string, work: () => Promise<T>, instead?: () => Promise<T | undefined>): Promise<T>;
}

export interface LockTimes {
  /** A holder without a heartbeat for this long, ms, has crashed. */
  staleMs?: number;
  /** How long to wait for a holder that is alive, ms. Longer than the half minute after which a refresh gives up. */
  patienceMs?: number;
  /** How often a holder shows that it is alive, ms. */
  heartbeatMs?: number;
}

const defaultTimes: Required<LockTimes> = { staleMs: 15_000, patienceMs: 45_000, heartbeatMs: 3_000 };
/** Between two tries for a lock that somebody holds. */
const retryMs = 10;

/**
 * Locks as folders `<name>.lock` under `directory`. mkdir takes one, because it is atomic on every system; the holder's
 * heartbeat changes the folder's time of modification; rmdir releases it. A lock whose holder has crashed is cleared.
 * Where the folder cannot be written, or a crashed holder's lock cannot be cleared, the work runs without a lock: that
 * is better than a person who cannot sign in.
 */
export function createFileLock(directory: string, log: Logger, times: LockTimes = {}): Lock {
  return new FileLock(directory, log, times);
}

class FileLock implements Lock {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #times: Required<LockTimes>;

  constructor(directory: string, log: Logger, times: LockTimes) {
    this.#directory = directory;
    this.#log = log;
    this.#times = { ...defaultTimes, ...times };
  }

  async hold<T>(name: string, work: () => Promise<T>, instead?: () => Promise<T | undefined>): Promise<T> {
    const folder = join(this.#directory, `${name}.lock`);
    const watch = new LockWatch(folder, this.#times.staleMs, this.#log);
    for (;;) {
      const release = await take(folder, this.#times.heartbeatMs, this.#log);
      if (release) return workThenRelease(work, release);
      const value = await instead?.();
      if (value !== undefined) return value;
      const state = await watch.look();
      if (state === "free") continue;
      if (state === "stuck") {
        this.#log.warn("Going on without a lock: that of a crashed holder cannot be cleared");
        return work();
      }
      if (watch.watchedMs > this.#times.patienceMs) throw new Problem("busyElsewhere");
      await delay(retryMs);
    }
  }
}

async function workThenRelease<T>(work: () => Promise<T>, release: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Takes the lock and resolves with its release, or with undefined when somebody else has it. */
async function take(folder: string, heartbeatMs: number, log: Logger): Promise<(() => Promise<void>) | undefined> {
  try {
    const isOurs = await createFolder(folder).catch(async (error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
      await mkdir(dirname(folder), { recursive: true });
      return createFolder(folder);
    });
    if (!isOurs) return undefined;
    const { mtimeMs } = await stat(folder);
    return keepAlive(folder, mtimeMs, heartbeatMs, log);
  } catch (error) {
    log.warn(`Going on without a lock: ${describeError(error)}`);
    return async () => {};
  }
}

/**
 * Starts the heartbeat of a lock that was just taken.
 * @param takenAt the folder's time of modification, ms; as long as nobody but the heartbeat changes it, the lock is ours
 * @returns the release, which leaves alone a lock that has become another holder's
 */
function keepAlive(folder: string, takenAt: number, heartbeatMs: number, log: Logger): () => Promise<void> {
  let mtimeMs = takenAt;
  let isLost = false;
  let beat = Promise.resolve();

  /** Runs `action` if the lock is still ours. Logs the loss, once, if it is not. */
  async function ifOurs(action: () => Promise<void>): Promise<void> {
    if (isLost) return;
    try {
      isLost = (await stat(folder)).mtimeMs !== mtimeMs;
      if (!isLost) return await action();
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      isLost = true;
    }
    clearInterval(timer);
    log.warn("A lock was lost: its folder was removed or is another holder's");
  }

  const timer = setInterval(() => {
    beat = beat
      .then(() =>
        ifOurs(async () => {
          const now = new Date();
          await utimes(folder, now, now);
          // As the file system has stored it.
          mtimeMs = (await stat(folder)).mtimeMs;
        }),
      )
      .catch((error: unknown) => log.debug(`A lock's heartbeat failed: ${describeError(error)}`));
  }, heartbeatMs);
  timer.unref();

  return async () => {
    clearInterval(timer);
    await beat;
    await ifOurs(() => rmdir(folder)).catch((error: unknown) =>
      log.warn(`A lock was not released: ${describeError(error)}`),
    );
  };
}
