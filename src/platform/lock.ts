import { randomBytes } from "node:crypto";
import { mkdir, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "../shared/problem.ts";
import { errnoOf } from "./errno.ts";
import { describeError, type Logger } from "./logger.ts";
import { remember } from "./remember.ts";

/** Keeps two pieces of work on the same thing apart, across windows and processes. */
export interface Lock {
  /**
   * Runs `work` while nobody else holds `name` (letters, digits, dashes).
   * @param instead asked again and again while somebody else holds it; what it resolves with makes `work` needless
   * @throws Problem `busyElsewhere` when the holder is alive and does not let go
   */
  hold<T>(name: string, work: () => Promise<T>, instead?: () => Promise<T | undefined>): Promise<T>;
}

export interface LockTimes {
  /** A holder that gave no sign of life while it was watched for this long has crashed, ms. */
  staleMs?: number;
  /** Who waits longer than this waits for something broken, ms: a refresh is given up after half a minute. */
  patienceMs?: number;
}

/** Between two tries for a lock that somebody holds. */
const retryMs = 10;
/** What counts of the time between two tries: while a computer sleeps, a holder gives no sign of life either. */
const longestStepMs = 1_000;
/** How often a holder says that it is alive. */
const heartbeatMs = 3_000;
/** The library's own recovery lets two who find a stale lock both have it (its issue 121), so it is kept from it. */
const neverMs = 365 * 24 * 60 * 60_000;

/**
 * Locks as folders under `directory` (proper-lockfile): taken by mkdir, which is atomic everywhere, kept alive by their
 * time of change, and recovered when the holder was killed. Where the folder cannot be written, or what a dead holder
 * left cannot be cleared away, the work still runs: a person without it is better off than one who cannot sign in.
 */
export function createFileLock(
  directory: string,
  log: Logger,
  { staleMs = 15_000, patienceMs = 45_000 }: LockTimes = {},
): Lock {
  return {
    async hold(name, work, instead) {
      const file = join(directory, name);
      const watched: Watched = { changedAt: 0, unchangedMs: 0 };
      let waitedMs = 0;
      for (let before = performance.now(); ; ) {
        const release = await acquire(file, log);
        if (release) {
          try {
            return await work();
          } finally {
            await release();
          }
        }
        const value = await instead?.();
        if (value !== undefined) return value;
        const now = performance.now();
        const passedMs = Math.min(now - before, longestStepMs);
        before = now;
        waitedMs += passedMs;
        if (await isFree(`${file}.lock`, watched, passedMs, staleMs, log)) continue;
        if (watched.unchangedMs > 2 * staleMs) {
          log.warn("Going on without a lock: that of a dead holder cannot be cleared away");
          return work();
        }
        if (waitedMs > patienceMs) throw new Problem("busyElsewhere");
        await delay(retryMs);
      }
    },
  };
}

/** Loads what the first lock needs, so that the lock itself is not slowed by it. */
export async function prepareFileLock(): Promise<void> {
  await library.get();
}

// The default export is there however a bundler wraps CommonJS.
const library = remember(async () => (await import("proper-lockfile")).default);

/** Takes the lock and resolves with its release, or with undefined when somebody else has it. */
async function acquire(file: string, log: Logger): Promise<(() => Promise<void>) | undefined> {
  try {
    const lockfile = await library.get();
    const options = {
      realpath: false,
      stale: neverMs,
      update: heartbeatMs,
      onCompromised: (error: Error) => log.warn(`A lock was lost: ${describeError(error)}`),
    };
    const release = await lockfile.lock(file, options).catch(async (error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
      await mkdir(join(file, ".."), { recursive: true });
      return lockfile.lock(file, options);
    });
    return () => release().catch((error: unknown) => log.warn(`A lock was not released: ${describeError(error)}`));
  } catch (error) {
    if (errnoOf(error) === "ELOCKED") return undefined;
    log.warn(`Going on without a lock: ${describeError(error)}`);
    return async () => {};
  }
}

interface Watched {
  /** The lock's time of change when it was last seen to be another, and for how long it has been watched since. */
  changedAt: number;
  unchangedMs: number;
}

/**
 * Whether a lock can be tried for at once: it is gone, or its holder was seen to be dead. What counts is how long it
 * was watched without a sign of life, not its age: computers sleep, and their clocks are corrected.
 */
async function isFree(
  folder: string,
  watched: Watched,
  passedMs: number,
  staleMs: number,
  log: Logger,
): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(folder);
    if (mtimeMs === watched.changedAt) watched.unchangedMs += passedMs;
    else Object.assign(watched, { changedAt: mtimeMs, unchangedMs: 0 });
    if (watched.unchangedMs < staleMs) return false;
    const claim = `${folder}.clearing`;
    if (await isClaimed(claim)) {
      // It takes a moment; whoever has been at it for this long has crashed, too.
      if (watched.unchangedMs > 1.5 * staleMs) await rmdir(claim);
      return false;
    }
    try {
      return await clearAway(folder, mtimeMs, log);
    } finally {
      await rmdir(claim).catch(() => {});
    }
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

/** Whether somebody else is clearing a lock away; if not, we are from now on. */
async function isClaimed(claim: string): Promise<boolean> {
  try {
    await mkdir(claim);
    return false;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return true;
    throw error;
  }
}

/**
 * Removes the lock of a dead holder; false when it is not that any more. Done by one at a time: of two, the slower would
 * take away the lock of the next holder.
 */
async function clearAway(folder: string, mtimeMs: number, log: Logger): Promise<boolean> {
  if ((await stat(folder)).mtimeMs !== mtimeMs) return false;
  const aside = `${folder}.${randomBytes(4).toString("hex")}`;
  await rename(folder, aside);
  if ((await stat(aside)).mtimeMs === mtimeMs) {
    log.info("A lock was recovered whose holder had crashed");
    await rmdir(aside);
    return true;
  }
  // The holder was alive after all, and this is already the lock of the next one.
  await rename(aside, folder);
  return false;
}
