import { join } from "node:path";
import { AwakeTime } from "./awakeTime.ts";
import { errnoOf } from "./errno.ts";
import { type FolderCalls, remove } from "./folderCalls.ts";
import type { Logger } from "./logger.ts";

/**
 * `free`: the lock is gone and can be tried for at once. `stuck`: it has not changed for twice as long as a crashed
 * holder's, and cannot be cleared.
 */
export type LockState = "free" | "held" | "stuck";

/**
 * Watches a lock that somebody else holds, and clears it when its holder has crashed. What counts is how long it was
 * watched without a heartbeat, not its age: computers sleep, and their clocks are corrected. Several callers may share
 * one watch, and it goes on with what it knows however long nobody looks.
 */
export class LockWatch {
  readonly #folder: string;
  readonly #staleMs: number;
  readonly #calls: FolderCalls;
  readonly #log: Logger;
  readonly #time = new AwakeTime();
  /** What was seen last, and for how long it has been the same, ms. */
  #seen: string | number = "";
  #unchangedMs = 0;
  /** What was in the folder soon after it had last changed: the mark of a holder of that time. */
  #names: readonly string[] = [];
  #looking: Promise<LockState> | undefined;

  constructor(folder: string, staleMs: number, calls: FolderCalls, log: Logger) {
    this.#folder = folder;
    this.#staleMs = staleMs;
    this.#calls = calls;
    this.#log = log;
  }

  /** Looks at the lock, and clears it if its holder has crashed. Never rejects. */
  look(): Promise<LockState> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<LockState> {
    const passedMs = this.#time.passed();
    const seen = await this.#calls.modifiedAt(this.#folder).catch((error: unknown) => errnoOf(error) ?? "unknown");
    if (seen === this.#seen) this.#unchangedMs += passedMs;
    else await this.#begin(seen);
    if (typeof seen === "number" && this.#unchangedMs >= this.#staleMs && (await this.#clear())) return "free";
    // What cannot be seen shows no sign of life either, nor does a lock that always exists and is never there.
    if (this.#unchangedMs > 2 * this.#staleMs) return "stuck";
    return seen === "ENOENT" ? "free" : "held";
  }

  async #begin(seen: string | number): Promise<void> {
    this.#seen = seen;
    this.#unchangedMs = 0;
    this.#names = typeof seen === "number" ? await this.#calls.list(this.#folder).catch(() => []) : [];
    // It may have taken long to see this, and what is seen is not older than the answer.
    this.#time.passed();
  }

  /**
   * Clears what the crashed holder has left. Of several who do, only one removes its mark, and none can remove that of
   * the next holder.
   * @returns whether the lock may be free now
   */
  async #clear(): Promise<boolean> {
    try {
      for (const name of this.#names) if (!(await remove(this.#calls, join(this.#folder, name)))) return true;
      if (await remove(this.#calls, this.#folder)) this.#log.info("A lock was recovered whose holder had crashed");
      return true;
    } catch {
      return false;
    }
  }
}
