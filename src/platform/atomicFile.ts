import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "./errno.ts";
import { persist } from "./folderCalls.ts";
import { withinAwake } from "./timeLimit.ts";

/** What is asked of the file system. Each rejects with the system's error. */
export interface FileCalls {
  /** Creates a file that its owner alone can read. */
  write(path: string, text: string): Promise<void>;
  mkdirs(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Does nothing if there is none. */
  remove(path: string): Promise<void>;
}

const systemFileCalls: FileCalls = {
  write: (path, text) => writeFile(path, text, { mode: 0o600 }),
  mkdirs: async (path) => void (await mkdir(path, { recursive: true })),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
};

/**
 * Replaces the text of a file: a reader sees the old text or the new one, never a part. Creates the folder if needed.
 * Only the owner can read the file (mode 0600).
 * @param options `answerMs`: how long all of it may take
 * @throws the system's error; the file is then unchanged. NoAnswer when the file system is silent; then it may still
 * change if it was being replaced just then
 */
export async function writeFileAtomically(
  file: string,
  text: string,
  { answerMs = 5_000, calls = systemFileCalls }: { answerMs?: number; calls?: FileCalls } = {},
): Promise<void> {
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  let isGivenUp = false;
  const replace = async () => {
    try {
      await calls.write(temporary, text).catch(async (error: unknown) => {
        if (errnoOf(error) !== "ENOENT") throw error;
        await calls.mkdirs(dirname(file));
        await calls.write(temporary, text);
      });
      if (isGivenUp) await calls.remove(temporary);
      // Windows refuses while somebody reads the old file.
      else await persist(() => calls.rename(temporary, file));
    } catch (error) {
      await calls.remove(temporary).catch(() => {});
      throw error;
    }
  };
  try {
    await withinAwake(answerMs, replace());
  } finally {
    isGivenUp = true;
  }
}
