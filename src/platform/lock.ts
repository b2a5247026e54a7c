import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "../shared/problem.ts";
import { AwakeTime } from "./awakeTime.ts";
import { type FolderCalls, limitFolderCalls, systemFolderCalls } from "./folderCalls.ts";
import { type HeldLock, takeLock } from "./heldLock.ts";
import { LockWatch } from "./lockWatch.ts";
import { describeError, type Logger } from "./logger.ts";

/** Called again and again while somebody else holds the lock; its value, if it has one, makes the work needless. */
export type Instead<T> = () => Promise<T | undefined>;

export interface HoldOptions<T> {
  instead?: Instead<T> | undefined;
  /** How long to wait for a holder that is alive, ms; by default that of the lock. */
  patienceMs?: number | undefined;
}

/** Keeps two pieces of work on the same thing apart, across windows and processes. */
export interface Lock {
  /**
   * Runs `work` while nobody else holds `name` (letters, digits, dashes).
   * @param options when `instead` resolves with a value, that value is returned and `work` does not run; a function is
   * taken as `instead`
   * @throws Problem `busyElsewhere` when the holder is alive and keeps the lock for too long
   */
  hold<T>(name: string, work: () => Promise<T>, options?: Instead<T> | HoldOptions<T>): Promise<T>;
}

export interface LockTimes {
  /** A holder without a heartbeat for this long, ms, has crashed. */
  staleMs?: number;
  /** How long to wait for a holder that is alive, ms. Longer than the half minute after which a refresh gives up. */
  patienceMs?: number;
  /** How often a holder shows that it is alive, ms. */
  heartbeatMs?: number;
  /** How long the file system has for an answer, ms. */
  answerMs?: number;
}

const defaultTimes: Required<LockTimes> = {
  staleMs: 15_000,
  patienceMs: 45_000,
  heartbeatMs: 3_000,
  answerMs: 5_000,
};
/** Between two tries for a lock that somebody holds, ms: the longer it has been held, the less often. */
const pause = { leastMs: 10, mostMs: 200, shareOfWait: 0.1 };
/** How often a lock that has just gone is tried for without a pause. */
const maxHurries = 3;
/** How often to try where the file system refuses, which may pass. */
const maxRefusals = 20;

/**
 * Locks as folders `<name>.lock` under `directory`. mkdir takes one, because it is atomic on every system; the holder's
 * heartbeat changes the folder's time of modification; rmdir releases it. A lock whose holder has crashed is cleared.
 * Where the file system cannot do this, does not answer, or has something in the lock's place that cannot be cleared, the
 * work runs without a lock: that is better than a person who cannot sign in.
 */
export function createFileLock(
  directory: string,
  log: Logger,
  times: LockTimes = {},
  calls: FolderCalls = systemFolderCalls,
): Lock {
  return new FileLock(directory, log, times, calls);
}

class FileLock implements Lock {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #times: Required<LockTimes>;
  readonly #calls: FolderCalls;
  /** Of each lock that somebody else holds. A caller with little patience begins where the last one gave up. */
  readonly #watches = new Map<string, LockWatch>();
  /** Why work runs without this lock, until it is taken again. */
  readonly #reasons = new Map<string, string>();

  constructor(directory: string, log: Logger, times: LockTimes, calls: FolderCalls) {
    this.#directory = directory;
    this.#log = log;
    this.#times = { ...defaultTimes, ...times };
    this.#calls = limitFolderCalls(calls, this.#times.answerMs);
  }

  async hold<T>(name: string, work: () => Promise<T>, options: Instead<T> | HoldOptions<T> = {}): Promise<T> {
    const { instead, patienceMs = this.#times.patienceMs } =
      typeof options === "function" ? { instead: options } : options;
    const folder = join(this.#directory, `${name}.lock`);
    const time = new AwakeTime();
    let waitedMs = 0;
    for (let hurries = 0; ; hurries += 1) {
      const held = await this.#take(folder);
      if (held) return workThenRelease(work, held);
      const value = await instead?.();
      if (value !== undefined) return value;
      const state = await this.#watch(folder).look();
      if (state === "stuck") {
        this.#goWithout(folder, "stuck");
        return work();
      }
      if (state === "free" && hurries < maxHurries) continue;
      waitedMs += time.passed();
      if (waitedMs > patienceMs) throw new Problem("busyElsewhere");
      await delay(Math.min(pause.mostMs, Math.max(pause.leastMs, pause.shareOfWait * waitedMs)));
    }
  }

  /** @returns undefined when somebody else has the lock */
  async #take(folder: string): Promise<Pick<HeldLock, "release"> | undefined> {
    try {
      const tries = this.#reasons.has(folder) ? 1 : maxRefusals;
      const held = await takeLock(folder, this.#calls, this.#log, { heartbeatMs: this.#times.heartbeatMs, tries });
      if (!held) return undefined;
      this.#watches.delete(folder);
      this.#reasons.delete(folder);
      return held;
    } catch (error) {
      this.#goWithout(folder, describeError(error));
      return { release: async () => {} };
    }
  }

  #watch(folder: string): LockWatch {
    const known = this.#watches.get(folder);
    if (known) return known;
    const watch = new LockWatch(folder, this.#times.staleMs, this.#calls, this.#log);
    this.#watches.set(folder, watch);
    return watch;
  }

  /** Logs it once, however often it happens, and for however many locks. */
  #goWithout(folder: string, reason: string): void {
    const isKnown = [...this.#reasons.values()].includes(reason);
    this.#reasons.set(folder, reason);
    if (isKnown) return;
    if (reason === "stuck") this.#log.warn("Going on without a lock: that of a crashed holder cannot be cleared");
    else this.#log.warn(`Going on without a lock: ${reason}`);
  }
}

async function workThenRelease<T>(work: () => Promise<T>, held: Pick<HeldLock, "release">): Promise<T> {
  try {
    return await work();
  } finally {
    await held.release();
  }
}
