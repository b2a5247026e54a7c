import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errnoOf } from "../../platform/errno.ts";
import { authFileLimits } from "./parse.ts";

export type AuthFileWarning = "readableByOthers";

/** The content of a file, or why it cannot be read. */
export type AuthFileRead =
  | {
      readonly status: "read";
      readonly path: string;
      readonly text: string;
      /** SHA-256 of the bytes, to find out whether it is still the same. */
      readonly fingerprint: string;
      readonly warnings: readonly AuthFileWarning[];
    }
  | { readonly status: "missing"; readonly path: string }
  | {
      readonly status: "denied" | "notAFile" | "tooLarge" | "notText" | "unreadable";
      readonly path: string;
    };

export type ReadFile = Extract<AuthFileRead, { status: "read" }>;

export type UnreadableStatus = Exclude<AuthFileRead["status"], "read">;

/**
 * Reads an auth.json: regular files only (symbolic links to one are followed), never more than the limit, never
 * waiting for a pipe's other end. Never throws.
 */
export async function readAuthFile(path: string): Promise<AuthFileRead> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer, perhaps forever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await file.stat();
    if (!stat.isFile()) return { status: "notAFile", path };
    if (stat.size > authFileLimits.bytes) return { status: "tooLarge", path };
    const bytes = await readUpTo(file, authFileLimits.bytes + 1);
    const text = decodeAuthFile(bytes);
    if (typeof text !== "string") return { status: text.status, path };
    // On Windows the mode does not say who may read.
    const isPrivate = process.platform === "win32" || (stat.mode & 0o077) === 0;
    return {
      status: "read",
      path,
      text,
      fingerprint: fingerprintOf(bytes),
      warnings: isPrivate ? [] : ["readableByOthers"],
    };
  } catch (error) {
    return { status: statusOf(error), path };
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** The text of bytes that were read otherwise, such as by `vscode.workspace.fs`, with the same limits. */
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
  const code = errnoOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return "missing";
  if (code === "EACCES" || code === "EPERM") return "denied";
  // ENXIO: a socket, or a pipe without a writer.
  if (code === "EISDIR" || code === "ELOOP" || code === "ENXIO") return "notAFile";
  return "unreadable";
}
