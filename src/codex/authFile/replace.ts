import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "../../platform/errno.ts";
import { authFileLimits } from "./parse.ts";
import { denied, type PinnedFolder, pinFolder, resolveLinks } from "./pinnedFolder.ts";
import { fingerprintOf, readUpTo } from "./read.ts";
import {
  type FileAttributes,
  type FileSystemCalls,
  hasArrived,
  isThere,
  removeStaleTemporaries,
  safeFlags,
  systemCalls,
  temporaryFor,
  writeTemporary,
} from "./temporaryFile.ts";

/** What must be there before a replacement: a file with this fingerprint, or no file. */
export type Expected = { readonly fingerprint: string } | "nothing";

type Failed = { readonly status: "failed"; readonly reason: "denied" | "readOnly" | "noSpace" | "other" };

export type ReplaceResult =
  | { readonly status: "written"; readonly fingerprint: string }
  /** What was expected is no longer there; nothing was written. */
  | { readonly status: "changed" }
  | Failed;

/**
 * Replaces a file so that at every moment the old or the new content is there in full: a temporary file in the same
 * folder (0600 from its creation), synced, renamed over the target, the folder synced. Symbolic links are followed, a
 * dangling one too. Never throws. The new file is 0600 and, where root writes, its owner is the old one's, unless
 * `attributes` says otherwise.
 *
 * The comparison with what is expected is the last step before the rename. A write in the few microseconds between them
 * is lost: Node cannot take the Codex CLI's locks (flock). The folder may belong to a user who must not gain the powers
 * of root through us: what is checked and what is changed are the same open file, in the same open folder.
 */
export async function replaceFile(
  path: string,
  text: string,
  expected: Expected,
  calls: FileSystemCalls = systemCalls,
  attributes?: FileAttributes,
): Promise<ReplaceResult> {
  let written: FileHandle | undefined;
  try {
    return await inFolderOf(path, async (at, folder) => {
      await removeStaleTemporaries(at);
      // A file that may not be written is not to be replaced either, although its folder would allow it.
      const before = await present(at, expected === "nothing" ? constants.O_RDONLY : constants.O_RDWR);
      if (!isExpected(before, expected)) return { status: "changed" };
      if (before !== "nothing" && !folder.trusts(before.uid)) throw denied();
      const temporary = temporaryFor(at);
      try {
        written = await writeTemporary(temporary, text, attributes ?? ownerOf(before), calls);
        if (!isExpected(await present(at), expected)) return { status: "changed" };
        if (!(await moveInto(temporary, at, written, expected, calls))) return { status: "changed" };
        if (!(await isThere(at, written))) return { status: "failed", reason: "other" };
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
      await folder.sync();
      return { status: "written", fingerprint: fingerprintOf(text) };
    });
  } catch (error) {
    return { status: "failed", reason: reasonOf(error) };
  } finally {
    await written?.close().catch(() => undefined);
  }
}

/** Removes a file if it still has this fingerprint; one that is not there counts as removed. Never throws. */
export async function removeFile(
  path: string,
  fingerprint: string,
): Promise<{ readonly status: "removed" } | { readonly status: "changed" } | Failed> {
  try {
    return await inFolderOf(path, async (at, folder) => {
      const before = await present(at, constants.O_RDWR);
      if (before === "nothing") return { status: "removed" };
      if (!isExpected(before, { fingerprint })) return { status: "changed" };
      await rm(at);
      await folder.sync();
      return { status: "removed" };
    });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return { status: "removed" };
    return { status: "failed", reason: reasonOf(error) };
  }
}

/** Removes what processes that were killed while they wrote a file have left beside it. Never throws. */
export async function removeLeftovers(path: string): Promise<void> {
  // Where there is no such folder, or none to work in, nothing is left either.
  await inFolderOf(path, removeStaleTemporaries).catch(() => undefined);
}

/** Works on the file that a path leads to, in its opened folder. */
async function inFolderOf<T>(path: string, work: (at: string, folder: PinnedFolder) => Promise<T>): Promise<T> {
  const { target, linkOwners } = await resolveLinks(path);
  const folder = await pinFolder(dirname(target), linkOwners);
  try {
    return await work(join(folder.path, basename(target)), folder);
  } finally {
    await folder.close();
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
  /** Undefined for what is no file, or too large. */
  readonly fingerprint: string | undefined;
}

/** What is at a path that is no link: content and owner of the same open file. */
async function present(at: string, access: number = constants.O_RDONLY): Promise<Present | "nothing"> {
  let file: FileHandle | undefined;
  try {
    file = await open(at, access | safeFlags);
    const found = await file.stat();
    const isSensible = found.isFile() && found.size <= authFileLimits.bytes;
    const fingerprint = isSensible ? fingerprintOf(await readUpTo(file, authFileLimits.bytes + 1)) : undefined;
    return { fingerprint, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return "nothing";
  } finally {
    await file?.close().catch(() => undefined);
  }
}

function isExpected(found: Present | "nothing", expected: Expected): boolean {
  if (found === "nothing" || expected === "nothing") return found === expected;
  return found.fingerprint === expected.fingerprint;
}

/** An editor that root runs must leave the file to its owner. */
function ownerOf(before: Present | "nothing"): FileAttributes | undefined {
  return before === "nothing" ? undefined : { ...before, mode: 0o600 };
}

/** Moves the written file to its place. False when a file has appeared there where none was expected. */
async function moveInto(
  temporary: string,
  at: string,
  written: FileHandle | undefined,
  expected: Expected,
  calls: FileSystemCalls,
): Promise<boolean> {
  try {
    if (await move(temporary, at, expected, calls)) return true;
  } catch (error) {
    // A network disk may report a failure although the file has arrived.
    if (!(await hasArrived(at, written))) throw error;
    return true;
  }
  return hasArrived(at, written);
}

async function move(temporary: string, at: string, expected: Expected, calls: FileSystemCalls): Promise<boolean> {
  if (expected === "nothing") {
    try {
      // Unlike rename, link refuses to replace.
      await calls.link(temporary, at);
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      // No hard links on this file system: rename, after the comparison that has just been made.
    }
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await calls.rename(temporary, at);
      return true;
    } catch (error) {
      // On Windows a virus scanner or a reader holds the file for a moment.
      const mayPass = process.platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(errnoOf(error) ?? "");
      if (!mayPass || attempt === 10) throw error;
      await delay(attempt * 10);
    }
  }
}

function reasonOf(error: unknown): "denied" | "readOnly" | "noSpace" | "other" {
  const code = errnoOf(error);
  if (code === "EACCES" || code === "EPERM") return "denied";
  if (code === "EROFS") return "readOnly";
  return code === "ENOSPC" || code === "EDQUOT" ? "noSpace" : "other";
}
