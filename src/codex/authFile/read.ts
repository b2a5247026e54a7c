import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { authFileLimits } from "./parse.ts";

export type AuthFileWarning = "readableByOthers";

/** What stands in a file, or why it cannot be read. */
export type AuthFileRead =
  | {
      readonly status: "read";
      readonly path: string;
      readonly text: string;
      /** SHA-256 of the bytes, for "is it still the same?". */
      readonly fingerprint: string;
      readonly warnings: readonly AuthFileWarning[];
    }
  | {
      readonly status: "missing" | "denied" | "notAFile" | "tooLarge" | "notText" | "unreadable";
      readonly path: string;
    };

export type UnreadableStatus = Exclude<AuthFileRead["status"], "read">;

const sentences: Readonly<Record<UnreadableStatus, string>> = {
  missing:
    "There is no login file of the Codex CLI. Run “codex login” in a terminal, choose the file, or sign in with ChatGPT here.",
  denied: "The login file of the Codex CLI may not be read by you. Correct its permissions, then try again.",
  notAFile: "This is not a file. Choose the file “auth.json” in the folder “.codex”.",
  tooLarge: "This is larger than any login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”.",
  notText: "This is not a UTF-8 text. Choose the file “auth.json” that the Codex CLI wrote, without converting it.",
  unreadable: "The login file of the Codex CLI could not be read. Check the disk it is on, then try again.",
};

/** One sentence or two: what is wrong, and what to do next. */
export function describeUnreadable(status: UnreadableStatus): string {
  return sentences[status];
}

/** Shown beside a preview where others on the computer can read the file. */
export const readableByOthersWarning =
  "Other users of this computer may be able to read the login file of the Codex CLI. Restrict it with “chmod 600”.";

/**
 * Reads an auth.json: regular files only (symbolic links to one are followed), never more than the limit, never
 * waiting for a pipe's other end. Never throws.
 */
export async function readAuthFile(path: string): Promise<AuthFileRead> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer, for ever if need be.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await file.stat();
    if (!stat.isFile()) return { status: "notAFile", path };
    if (stat.size > authFileLimits.bytes) return { status: "tooLarge", path };
    const bytes = await readUpTo(file, authFileLimits.bytes + 1);
    const text = decodeAuthFile(bytes);
    if (typeof text !== "string") return { status: text.status, path };
    // On Windows the bits say nothing about who may read.
    const open600 = process.platform === "win32" || (stat.mode & 0o077) === 0;
    return {
      status: "read",
      path,
      text,
      fingerprint: fingerprintOf(bytes),
      warnings: open600 ? [] : ["readableByOthers"],
    };
  } catch (error) {
    return { status: statusOf(error), path };
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** The text of bytes that came from elsewhere, such as `vscode.workspace.fs`, under the same limits. */
export function decodeAuthFile(bytes: Uint8Array): string | { readonly status: "tooLarge" | "notText" } {
  if (bytes.byteLength > authFileLimits.bytes) return { status: "tooLarge" };
  try {
    // The byte order mark stays, so that a write-back keeps it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { status: "notText" };
  }
}

export function fingerprintOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("base64url");
}

/** At most so many bytes from the start of an open file. */
export async function readUpTo(file: FileHandle, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  while (total < limit) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(16 * 1024, limit - total)));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}

function statusOf(error: unknown): UnreadableStatus {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "missing";
  if (code === "EACCES" || code === "EPERM") return "denied";
  // ENXIO: a socket, or a pipe without a writer.
  if (code === "EISDIR" || code === "ELOOP" || code === "ENXIO") return "notAFile";
  return "unreadable";
}
