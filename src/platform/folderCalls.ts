import { lstat, mkdir, readdir, rmdir, unlink, utimes } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "./errno.ts";
import { NoAnswer, withinAwake } from "./timeLimit.ts";

/** What locks ask of the file system. Each rejects with the system's error. */
export interface FolderCalls {
  mkdir(path: string): Promise<void>;
  /** Creates a folder and those above it; does nothing if it is there. */
  mkdirs(path: string): Promise<void>;
  /** The time of modification, ms since 1970, of whatever has this name: a link is not followed. */
  modifiedAt(path: string): Promise<number>;
  /** The names of what is in a folder. */
  list(path: string): Promise<string[]>;
  /** Sets the time of modification to the present. */
  touch(path: string): Promise<void>;
  /** Removes an empty folder, and nothing else. */
  rmdir(path: string): Promise<void>;
  /** Removes a file or a link, and never a folder. */
  unlink(path: string): Promise<void>;
}

export const systemFolderCalls: FolderCalls = {
  mkdir: (path) => mkdir(path),
  mkdirs: async (path) => void (await mkdir(path, { recursive: true })),
  modifiedAt: async (path) => (await lstat(path)).mtimeMs,
  list: (path) => readdir(path),
  touch: (path) => {
    const now = new Date();
    return utimes(path, now, now);
  },
  rmdir: (path) => rmdir(path),
  unlink: (path) => unlink(path),
};

/**
 * Calls that all end. Each that does not answer, as on a network drive that has gone, occupies one of the few threads of
 * the process. So while one has not answered in time, no other is made: they reject at once.
 * @param answerMs how long a call may take, ms
 */
export function limitFolderCalls(calls: FolderCalls, answerMs: number): FolderCalls {
  let unanswered = 0;
  /** @param undo what to do when the call succeeds after nobody waits for it any more */
  async function limited<T>(call: () => Promise<T>, undo?: () => Promise<void>): Promise<T> {
    if (unanswered > 0) throw new NoAnswer();
    const answer = call();
    try {
      return await withinAwake(answerMs, answer);
    } catch (error) {
      if (error instanceof NoAnswer) {
        unanswered += 1;
        const settle = () => {
          unanswered -= 1;
        };
        answer
          .finally(settle)
          .then(undo)
          .catch(() => {});
      }
      throw error;
    }
  }
  return {
    mkdir: (path) =>
      limited(
        () => calls.mkdir(path),
        () => calls.rmdir(path),
      ),
    mkdirs: (path) => limited(() => calls.mkdirs(path)),
    modifiedAt: (path) => limited(() => calls.modifiedAt(path)),
    list: (path) => limited(() => calls.list(path)),
    touch: (path) => limited(() => calls.touch(path)),
    rmdir: (path) => limited(() => calls.rmdir(path)),
    unlink: (path) => limited(() => calls.unlink(path)),
  };
}

/** What Windows also answers while somebody looks at a file or folder, or while one that was removed is still going. */
const passingCodes = new Set(["EPERM", "EACCES", "EBUSY", "ENOTEMPTY"]);
const tryAgainMs = 10;

/** Makes a call again, up to so many times in all, while it fails in a way that may pass. @throws its last error */
export async function persist<T>(call: () => Promise<T>, tries = 20): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (tried >= tries || !passingCodes.has(errnoOf(error) ?? "")) throw error;
    }
    await delay(tryAgainMs);
  }
}

/**
 * Removes a file, a link or an empty folder.
 * @returns whether it was there
 */
export async function remove(calls: FolderCalls, path: string): Promise<boolean> {
  try {
    await calls.rmdir(path);
    return true;
  } catch (error) {
    // Where it is no folder, Windows says that it is not there.
    if (errnoOf(error) !== "ENOTDIR" && errnoOf(error) !== "ENOENT") throw error;
  }
  try {
    await calls.unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
