import { randomBytes } from "node:crypto";
import { mkdir, rename, rmdir, stat } from "node:fs/promises";
import { errnoOf } from "./errno.ts";
import type { Logger } from "./logger.ts";

/** The most that counts of the time between two looks: while a computer sleeps, no holder has a heartbeat. */
const longestStepMs = 1_000;

/**
 * Watches a lock folder that somebody else holds, and clears it when its holder has crashed. What counts is how long it
 * was watched without a heartbeat, not its age: computers sleep, and their clocks are corrected.
 */
export class LockWatch {
  readonly #folder: string;
  readonly #staleMs: number;
  readonly #log: Logger;
  #lookedAt = performance.now();
  #watchedMs = 0;
  /** The folder's time of modification when it last changed, and for how long it has been watched since. */
  #mtimeMs = 0;
  #unchangedMs = 0;

  constructor(folder: string, staleMs: number, log: Logger) {
    this.#folder = folder;
    this.#staleMs = staleMs;
    this.#log = log;
  }

  /** For how long the lock has been watched, ms, without the time that the computer slept. */
  get watchedMs(): number {
    return this.#watchedMs;
  }

  /**
   * Looks at the lock, and clears it if its holder has crashed. Never rejects.
   * @returns `free` when the lock is gone and can be tried for at once, `stuck` when its holder has crashed and it cannot
   * be cleared
   */
  async look(): Promise<"free" | "held" | "stuck"> {
    const now = performance.now();
    const passedMs = Math.min(now - this.#lookedAt, longestStepMs);
    this.#lookedAt = now;
    this.#watchedMs += passedMs;
    if (await this.#isFree(passedMs)) return "free";
    return this.#unchangedMs > 2 * this.#staleMs ? "stuck" : "held";
  }

  async #isFree(passedMs: number): Promise<boolean> {
    try {
      const { mtimeMs } = await stat(this.#folder);
      this.#unchangedMs = mtimeMs === this.#mtimeMs ? this.#unchangedMs + passedMs : 0;
      this.#mtimeMs = mtimeMs;
      return this.#unchangedMs >= this.#staleMs && (await this.#clearAlone());
    } catch (error) {
      return errnoOf(error) === "ENOENT";
    }
  }

  /** Clears the lock unless somebody else is at it: of two, the slower would clear the lock of the next holder. */
  async #clearAlone(): Promise<boolean> {
    const claim = `${this.#folder}.clearing`;
    if (!(await createFolder(claim))) {
      // Clearing takes a moment; whoever has been at it for this long has crashed, too.
      if (this.#unchangedMs > 1.5 * this.#staleMs) await rmdir(claim);
      return false;
    }
    try {
      return await this.#clear();
    } finally {
      await rmdir(claim).catch(() => {});
    }
  }

  async #clear(): Promise<boolean> {
    if ((await stat(this.#folder)).mtimeMs !== this.#mtimeMs) return false;
    const aside = `${this.#folder}.${randomBytes(4).toString("hex")}`;
    await rename(this.#folder, aside);
    if ((await stat(aside)).mtimeMs === this.#mtimeMs) {
      this.#log.info("A lock was recovered whose holder had crashed");
      await rmdir(aside);
      return true;
    }
    // The holder was alive after all, and this is already the lock of the next one.
    await rename(aside, this.#folder);
    return false;
  }
}

/** Creates a folder; false when it exists. @throws the system's error */
export async function createFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}
