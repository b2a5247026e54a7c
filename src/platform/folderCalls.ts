import { lstat, mkdir, readdir, rmdir, unlink, utimes } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { CallLimit } from "./callLimit.ts";
import { errnoOf } from "./errno.ts";

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
 * Calls that all end, see `CallLimit`. They also reject with NoAnswer.
 * @param answerMs how long a call may take, ms
 */
export function limitFolderCalls(calls: FolderCalls, answerMs: number): FolderCalls {
  const limit = new CallLimit(answerMs);
  return {
    mkdir: (path) =>
      limit.run(
        () => calls.mkdir(path),
        () => calls.rmdir(path),
      ),
    mkdirs: (path) => limit.run(() => calls.mkdirs(path)),
    modifiedAt: (path) => limit.run(() => calls.modifiedAt(path)),
    list: (path) => limit.run(() => calls.list(path)),
    touch: (path) => limit.run(() => calls.touch(path)),
    rmdir: (path) => limit.run(() => calls.rmdir(path)),
    unlink: (path) => limit.run(() => calls.unlink(path)),
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
