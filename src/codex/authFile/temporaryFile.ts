import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../../platform/errno.ts";

/** Who may use a file; the mode without the file's kind. */
export interface FileAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The calls that touch the disk, so that a test can make each of them fail. */
export interface FileSystemCalls {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly link: typeof link;
}

export const systemCalls: FileSystemCalls = { open, rename, link };

const staleAfterMs = 10 * 60 * 1000;
/** Never through a link that has just been made, and never waiting for a pipe's other end. */
export const safeFlags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A new name for a temporary file beside a file. */
export function temporaryFor(at: string): string {
  return join(dirname(at), temporaryPrefix(at) + process.pid + randomBytes(6).toString("hex"));
}

/**
 * Resolves with the file, open, so that no other can get its inode (undefined on Windows, which moves no open file).
 */
export async function writeTemporary(
  temporary: string,
  text: string,
  attributes: FileAttributes | undefined,
  calls: FileSystemCalls,
): Promise<FileHandle | undefined> {
  // "wx": never through a link that somebody made under this name.
  const file = await calls.open(temporary, "wx", 0o600);
  let again: FileHandle | undefined;
  try {
    await file.writeFile(text);
    const made = await file.stat();
    if (attributes && process.platform !== "win32") {
      const { mode, uid, gid } = attributes;
      const isOther = uid !== made.uid || gid !== made.gid;
      // By the handle: the folder's owner may have put another file under this name by now.
      if (isOther && process.geteuid?.() === 0) await file.chown(uid, gid);
      // After chown, which clears bits.
      if (mode !== (made.mode & 0o7777)) await file.chmod(mode);
    }
    await file.sync();
    if (process.platform !== "win32") {
      again = await open(temporary, constants.O_RDONLY | safeFlags);
      if (!isSame(await again.stat(), made)) throw new Error("Another file has taken the place of the temporary one.");
    }
    await file.close();
    return again;
  } catch (error) {
    await again?.close().catch(() => undefined);
    await file.close().catch(() => undefined);
    throw error;
  }
}

interface Identity {
  readonly dev: number;
  readonly ino: number;
}

function isSame(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Whether our file has arrived, and not another one that was put under its temporary name. */
export async function isThere(at: string, written: FileHandle | undefined): Promise<boolean> {
  const found = written && (await lstat(at).catch(() => undefined));
  return !found || isSame(found, await written.stat());
}

/** Whether our file is there although moving it was reported as failed, which happens on network disks. */
export async function hasArrived(at: string, written: FileHandle | undefined): Promise<boolean> {
  const found = await lstat(at).catch(() => undefined);
  return found !== undefined && written !== undefined && isSame(found, await written.stat());
}

/** Removes what processes that were killed while they wrote a file have left: temporary files with their process ID. */
export async function removeStaleTemporaries(target: string): Promise<void> {
  const prefix = temporaryPrefix(target);
  for (const name of await readdir(dirname(target)).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(target), name);
    const pid = Number(name.slice(prefix.length, -12));
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > staleAfterMs || !isRunning(pid)) await rm(path, { force: true }).catch(() => undefined);
  }
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.chatgpt-sign-in-`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
