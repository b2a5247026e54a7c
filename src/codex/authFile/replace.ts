import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { authFileLimits } from "./parse.ts";
import { denied, type PinnedFolder, pinFolder, resolveLinks } from "./pinnedFolder.ts";
import { fingerprintOf, readUpTo } from "./read.ts";

/** What must be there for the replacement to go ahead: a file of this fingerprint, or no file. */
export type Expected = { readonly fingerprint: string } | "nothing";

/** Who may use a file; the mode without the file's kind. */
export interface FileAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

type Failed = { readonly status: "failed"; readonly reason: "denied" | "readOnly" | "noSpace" | "other" };

export type ReplaceResult =
  | { readonly status: "written"; readonly fingerprint: string }
  /** What was expected is not there any more; nothing was written. */
  | { readonly status: "changed" }
  | Failed;

/** The calls that touch the disk, so that a test can make each of them fail. */
export interface FileSystemCalls {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly link: typeof link;
}

const systemCalls: FileSystemCalls = { open, rename, link };
const staleAfterMs = 10 * 60 * 1000;
/** Never through a link that has just been laid, and never waiting for a pipe's other end. */
const carefully = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Replaces a file's content so that at every moment the old or the new one is there in full: a temporary file in the
 * same folder (0600 from its creation), synced, renamed over the target, the folder synced. Symbolic links are
 * followed, a dangling one too. Never throws. The new file is 0600 and, where root writes, its owner is the old one's,
 * unless `attributes` says otherwise.
 *
 * The comparison with what is expected is the last step before the rename. A writer that comes in between, a few
 * microseconds, is overwritten: the CLI's own locks (flock) cannot be taken from Node. The folder may belong to a user
 * whom root must not serve: what is checked and what is changed are the same open file, in the same open folder.
 */
export async function replaceFile(
  path: string,
  text: string,
  expected: Expected,
  calls: FileSystemCalls = systemCalls,
  attributes?: FileAttributes,
): Promise<ReplaceResult> {
  let folder: PinnedFolder | undefined;
  let written: FileHandle | undefined;
  try {
    const { target, linkOwners } = await resolveLinks(path);
    folder = await pinFolder(dirname(target), linkOwners);
    const at = join(folder.path, basename(target));
    await removeStaleTemporaries(at);
    // A file that may not be written is not to be replaced either, although its folder would allow it.
    const before = await present(at, expected === "nothing" ? constants.O_RDONLY : constants.O_RDWR);
    if (!isExpected(before, expected)) return { status: "changed" };
    if (before !== "nothing" && !folder.trusts(before.uid)) throw denied();
    const temporary = join(folder.path, temporaryPrefix(target) + process.pid + randomBytes(6).toString("hex"));
    try {
      written = await writeTemporary(temporary, text, attributes ?? ownerOf(before), calls);
      if (!isExpected(await present(at), expected)) return { status: "changed" };
      const moved = await moveInto(temporary, at, expected, calls).catch(async (error: unknown) => {
        if (!(await hasArrived(at, written))) throw error;
        return true;
      });
      if (!moved && !(await hasArrived(at, written))) return { status: "changed" };
      if (!(await isThere(at, written))) return { status: "failed", reason: "other" };
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
    await folder.sync();
    return { status: "written", fingerprint: fingerprintOf(text) };
  } catch (error) {
    return { status: "failed", reason: reasonOf(error) };
  } finally {
    await written?.close().catch(() => undefined);
    await folder?.close();
  }
}

/** Removes a file if it still has this fingerprint; one that is not there is as good as removed. Never throws. */
export async function removeFile(
  path: string,
  fingerprint: string,
): Promise<{ readonly status: "removed" } | { readonly status: "changed" } | Failed> {
  let folder: PinnedFolder | undefined;
  try {
    const { target, linkOwners } = await resolveLinks(path);
    folder = await pinFolder(dirname(target), linkOwners);
    const at = join(folder.path, basename(target));
    const before = await present(at, constants.O_RDWR);
    if (before === "nothing") return { status: "removed" };
    if (!isExpected(before, { fingerprint })) return { status: "changed" };
    await rm(at);
    await folder.sync();
    return { status: "removed" };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { status: "removed" };
    return { status: "failed", reason: reasonOf(error) };
  } finally {
    await folder?.close();
  }
}

/** Removes what processes that were killed while they wrote a file have left beside it. Never throws. */
export async function removeLeftovers(path: string): Promise<void> {
  let folder: PinnedFolder | undefined;
  try {
    const { target, linkOwners } = await resolveLinks(path);
    folder = await pinFolder(dirname(target), linkOwners);
    await removeStaleTemporaries(join(folder.path, basename(target)));
  } catch {
    // There is no such folder, or none to work in.
  } finally {
    await folder?.close();
  }
}

/** Who may use the file that a path leads to, if it still has this fingerprint; undefined otherwise. Never throws. */
export async function attributesOf(path: string, fingerprint: string): Promise<FileAttributes | undefined> {
  try {
    const found = await present((await resolveLinks(path)).target);
    if (found === "nothing" || found.fingerprint !== fingerprint) return undefined;
    return { mode: found.mode, uid: found.uid, gid: found.gid };
  } catch {
    return undefined;
  }
}

interface Present extends FileAttributes {
  /** Undefined for what is no file of a sensible size. */
  readonly fingerprint: string | undefined;
}

/** What stands at a path that is no link: content and owner of one and the same open file. */
async function present(at: string, access: number = constants.O_RDONLY): Promise<Present | "nothing"> {
  let file: FileHandle | undefined;
  try {
    file = await open(at, access | carefully);
    const found = await file.stat();
    const isSensible = found.isFile() && found.size <= authFileLimits.bytes;
    const fingerprint = isSensible ? fingerprintOf(await readUpTo(file, authFileLimits.bytes + 1)) : undefined;
    return { fingerprint, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return "nothing";
  } finally {
    await file?.close().catch(() => undefined);
  }
}

function isExpected(found: Present | "nothing", expected: Expected): boolean {
  if (found === "nothing" || expected === "nothing") return found === expected;
  return found.fingerprint === expected.fingerprint;
}

/** An editor run by root must not take the file away from its owner. */
function ownerOf(before: Present | "nothing"): FileAttributes | undefined {
  return before === "nothing" ? undefined : { ...before, mode: 0o600 };
}

/** Resolves with the file, open, so that no other can have its inode (undefined on Windows, which would not move it). */
async function writeTemporary(
  temporary: string,
  text: string,
  attributes: FileAttributes | undefined,
  calls: FileSystemCalls,
): Promise<FileHandle | undefined> {
  // "wx": never through a link that somebody laid under this name.
  const file = await calls.open(temporary, "wx", 0o600);
  let again: FileHandle | undefined;
  try {
    await file.writeFile(text);
    const made = await file.stat();
    if (attributes && process.platform !== "win32") {
      const { mode, uid, gid } = attributes;
      const isOther = uid !== made.uid || gid !== made.gid;
      // By the handle: under the name of the temporary file, its folder's owner can have put any other file by now.
      if (isOther && process.geteuid?.() === 0) await file.chown(uid, gid);
      // After the owner, whose change takes bits away.
      if (mode !== (made.mode & 0o7777)) await file.chmod(mode);
    }
    await file.sync();
    if (process.platform !== "win32") {
      again = await open(temporary, constants.O_RDONLY | carefully);
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

/** Whether it is our file that has arrived, not one that was put under its temporary name. */
async function isThere(at: string, written: FileHandle | undefined): Promise<boolean> {
  const found = written && (await lstat(at).catch(() => undefined));
  return !found || isSame(found, await written.stat());
}

/** Whether our file is there although the call that brought it was said to have failed, as network disks do. */
async function hasArrived(at: string, written: FileHandle | undefined): Promise<boolean> {
  const found = await lstat(at).catch(() => undefined);
  return found !== undefined && written !== undefined && isSame(found, await written.stat());
}

/** False when a file has appeared where none was expected. */
async function moveInto(
  temporary: string,
  target: string,
  expected: Expected,
  calls: FileSystemCalls,
): Promise<boolean> {
  if (expected === "nothing") {
    try {
      // Unlike rename, link refuses to replace.
      await calls.link(temporary, target);
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      // No hard links on this file system: rename, after the comparison that has just been made.
    }
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await calls.rename(temporary, target);
      return true;
    } catch (error) {
      // On Windows a virus scanner or a reader holds the file for a moment.
      const mayPass = process.platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(codeOf(error));
      if (!mayPass || attempt === 10) throw error;
      await delay(attempt * 10);
    }
  }
}

/** A process that was killed while it wrote leaves its temporary file, named after it. */
async function removeStaleTemporaries(target: string): Promise<void> {
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
    return codeOf(error) === "EPERM";
  }
}

function reasonOf(error: unknown): "denied" | "readOnly" | "noSpace" | "other" {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM") return "denied";
  if (code === "EROFS") return "readOnly";
  return code === "ENOSPC" || code === "EDQUOT" ? "noSpace" : "other";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
