import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { CallLimit } from "./callLimit.ts";

/** What notes in a folder ask of the file system. Each call rejects with the system's error. */
export interface NoteFiles {
  read(path: string): Promise<string>;
  /** Creates a file that its owner alone can read. Rejects with EEXIST when there is one. */
  create(path: string, text: string): Promise<void>;
  /** Creates a folder and those above it; does nothing if it is there. */
  mkdirs(path: string): Promise<void>;
  /** The names of what is in a folder. */
  list(path: string): Promise<string[]>;
  /** The time of modification, ms since 1970. */
  modifiedAt(path: string): Promise<number>;
  /** Removes a file; does nothing if there is none. */
  remove(path: string): Promise<void>;
}

const systemNoteFiles: NoteFiles = {
  read: (path) => readFile(path, "utf8"),
  create: (path, text) => writeFile(path, text, { flag: "wx", mode: 0o600 }),
  mkdirs: async (path) => void (await mkdir(path, { recursive: true })),
  list: (path) => readdir(path),
  modifiedAt: async (path) => (await stat(path)).mtimeMs,
  remove: (path) => rm(path, { force: true }),
};

/**
 * Calls that all end, see `CallLimit`: somebody may be waiting for the end of a sign-in. They also reject with NoAnswer. A
 * file that is created later than that is removed.
 * @param answerMs how long a call may take, ms
 */
export function limitNoteFiles(calls = systemNoteFiles, answerMs = 5_000): NoteFiles {
  const limit = new CallLimit(answerMs);
  return {
    read: (path) => limit.run(() => calls.read(path)),
    create: (path, text) =>
      limit.run(
        () => calls.create(path, text),
        () => calls.remove(path),
      ),
    mkdirs: (path) => limit.run(() => calls.mkdirs(path)),
    list: (path) => limit.run(() => calls.list(path)),
    modifiedAt: (path) => limit.run(() => calls.modifiedAt(path)),
    remove: (path) => limit.run(() => calls.remove(path)),
  };
}
