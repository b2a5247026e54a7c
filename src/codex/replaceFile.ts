import { randomBytes } from "node:crypto";
import { chown, link, open, readdir, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fingerprintOf } from "./readAuthFile.ts";

/** What must be there for the replacement to go ahead: a file of this fingerprint, or no file. */
export type Expected = { readonly fingerprint: string } | "nothing";

export type ReplaceResult =
  | { readonly status: "written"; readonly fingerprint: string }
  /** What was expected is not there any more; nothing was written. */
  | { readonly status: "changed" }
  | { readonly status: "failed"; readonly reason: "denied" | "readOnly" | "noSpace" | "other" };

/** The calls that touch the disk, so that a test can make each of them fail. */
export interface FileSystemCalls {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly link: typeof link;
}

const systemCalls: FileSystemCalls = { open, rename, link };
const staleAfterMs = 10 * 60 * 1000;

/**
 * Replaces a file's content so that at every moment the old or the new one is there in full: a temporary file in the
 * same folder (0600 from its creation), synced, renamed over the target, the folder synced. Symbolic links are
 * followed, a dangling one too. Never throws.
 *
 * The comparison with what is expected is the last step before the rename. A writer that comes in between, a few
 * microseconds, is overwritten: the CLI's own locks (flock) cannot be taken from Node.
 */
export async function replaceFile(
  path: string,
  text: string,
  expected: Expected,
  calls: FileSystemCalls = systemCalls,
): Promise<ReplaceResult> {
  try {
    const target = await finalTarget(path);
    await removeStaleTemporaries(target);
    if (!(await holds(target, expected))) return { status: "changed" };
    // A file that may not be written is not to be replaced either, although its folder would allow it.
    if (expected !== "nothing") await (await open(target, "r+")).close();
    const temporary = join(dirname(target), temporaryPrefix(target) + process.pid + randomBytes(6).toString("hex"));
    try {
      await writeTemporary(temporary, target, text, calls);
      if (!(await holds(target, expected))) return { status: "changed" };
      if (!(await moveInto(temporary, target, expected, calls))) return { status: "changed" };
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
    await syncFolder(dirname(target));
    return { status: "written", fingerprint: fingerprintOf(text) };
  } catch (error) {
    return { status: "failed", reason: reasonOf(error) };
  }
}

/** The file that a path leads to through symbolic links, even if it does not exist yet. */
async function finalTarget(path: string): Promise<string> {
  let target = resolve(path);
  for (let hop = 0; hop < 40; hop++) {
    const next = await readlink(target).catch(() => undefined);
    if (next === undefined) return target;
    target = resolve(dirname(target), next);
  }
  throw Object.assign(new Error("Too many symbolic links."), { code: "ELOOP" });
}

async function writeTemporary(temporary: string, target: string, text: string, calls: FileSystemCalls): Promise<void> {
  // "wx": never through a link that somebody laid under this name.
  const file = await calls.open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  // An editor run by root must not take the file away from its owner.
  const owner = await stat(target).catch(() => undefined);
  if (owner && process.getuid && owner.uid !== process.getuid()) await chown(temporary, owner.uid, owner.gid);
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

async function holds(target: string, expected: Expected): Promise<boolean> {
  try {
    const content = await readFile(target);
    return expected !== "nothing" && fingerprintOf(content) === expected.fingerprint;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return expected === "nothing";
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

/** Makes the rename itself outlast a power cut. Not possible everywhere (Windows), and then not needed to succeed. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
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
