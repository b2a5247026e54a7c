import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { errnoOf } from "./errno.ts";
import { type FolderCalls, persist } from "./folderCalls.ts";
import { describeError, type Logger } from "./logger.ts";

/** A lock's folder may be cleared while it is being taken; that happens seldom, and hardly twice. */
const maxTries = 3;
const isMark = (name: string) => /^\d+-[0-9a-f]{12}$/.test(name);

/**
 * Takes the lock `folder`: creates it, and in it the holder's mark, a folder with a name of its own. It is taken when no
 * other mark is in it. Whoever removes a lock removes the mark first, by its name, and then the folder, which the system
 * refuses while another mark is in it. So nobody removes another holder's lock, however late they are.
 * @param tries how often to try where the system's refusal may pass
 * @returns undefined when somebody else has it
 * @throws the system's error, or NoAnswer
 */
export async function takeLock(
  folder: string,
  calls: FolderCalls,
  log: Logger,
  { heartbeatMs, tries }: { heartbeatMs: number; tries: number },
): Promise<HeldLock | undefined> {
  const name = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const mark = join(folder, name);
  for (let tried = 1; ; tried += 1) {
    if (!(await persist(() => createFolder(calls, folder), tries))) return undefined;
    try {
      await persist(() => calls.mkdir(mark), tries);
      const isShared = (await calls.list(folder)).some((other) => isMark(other) && other !== name);
      if (!isShared) return new HeldLock(folder, mark, calls, log, heartbeatMs);
      // The folder that was created here has been cleared, and this one is another holder's.
      await giveUp(folder, mark, calls);
      return undefined;
    } catch (error) {
      await giveUp(folder, mark, calls);
      if (tried >= maxTries || errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

async function giveUp(folder: string, mark: string, calls: FolderCalls): Promise<void> {
  for (const path of [mark, folder]) await calls.rmdir(path).catch(() => {});
}

/** Creates a folder; false when it exists. */
async function createFolder(calls: FolderCalls, folder: string): Promise<boolean> {
  try {
    await calls.mkdir(folder).catch(async (error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
      await calls.mkdirs(dirname(folder)).catch((cause: unknown) => {
        // A file has the name of the folder above.
        throw errnoOf(cause) === "EEXIST" ? error : cause;
      });
      await calls.mkdir(folder);
    });
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** A lock that was taken. Its heartbeat, which changes the folder's time of modification, begins at once. */
export class HeldLock {
  readonly #folder: string;
  readonly #mark: string;
  readonly #calls: FolderCalls;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #isLost = false;
  #beating: Promise<void> | undefined;

  constructor(folder: string, mark: string, calls: FolderCalls, log: Logger, heartbeatMs: number) {
    this.#folder = folder;
    this.#mark = mark;
    this.#calls = calls;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().finally(() => {
        this.#beating = undefined;
      });
    }, heartbeatMs);
    this.#timer.unref();
  }

  /** Releases the lock; one that has become another holder's is left alone. Never rejects. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (this.#isLost) return;
    let isMarked = true;
    try {
      await persist(() => this.#calls.rmdir(this.#mark));
      isMarked = false;
      await persist(() => this.#calls.rmdir(this.#folder));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") this.#log.warn(`A lock was not released: ${describeError(error)}`);
      else if (isMarked) this.#lose();
    }
  }

  async #beat(): Promise<void> {
    try {
      await this.#calls.modifiedAt(this.#mark);
      await this.#calls.touch(this.#folder).catch(() => this.#stir());
    } catch (error) {
      if (errnoOf(error) === "ENOENT") this.#lose();
      else this.#log.debug(`A lock's heartbeat failed: ${describeError(error)}`);
    }
  }

  /** Where a time cannot be set, whatever is created in the folder changes it. */
  async #stir(): Promise<void> {
    const beat = `${this.#mark}-beat`;
    await this.#calls.mkdir(beat).catch(() => {});
    await this.#calls.rmdir(beat);
  }

  #lose(): void {
    this.#isLost = true;
    clearInterval(this.#timer);
    this.#log.warn("A lock was lost: its folder was removed or is another holder's");
  }
}
