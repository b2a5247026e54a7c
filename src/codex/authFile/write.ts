import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { asTime } from "../../platform/untrusted.ts";
import { parseAuthFile } from "./parse.ts";
import { type ReadFile, readAuthFile } from "./read.ts";
import { attributesOf, type ReplaceResult, removeFile, replaceFile } from "./replace.ts";
import type { FileAttributes, FileSystemCalls } from "./temporaryFile.ts";

/** What a refresh brought. Parts that are missing here stay unchanged in the file. */
export interface TokenUpdate {
  readonly idToken?: string;
  readonly accessToken?: string;
  readonly refreshToken?: string;
  /** Milliseconds since 1970. */
  readonly refreshedAt: number;
}

/** A login of ours for the Codex CLI. */
export interface ExportedLogin {
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly workspaceId: string;
  /** Milliseconds since 1970. */
  readonly refreshedAt: number;
}

/** A file that was replaced, with what is needed to restore it. */
export interface ReplacedFile {
  readonly fingerprint: string;
  readonly attributes: FileAttributes;
  /** Where its content is kept. */
  readonly backup: string;
}

export type WriteResult =
  | ReplaceResult
  /** The text is not an auth.json with tokens; nothing was written. */
  | { readonly status: "notALogin" };

export type ExportResult =
  | (Extract<ReplaceResult, { status: "written" }> & { readonly backup: string | undefined })
  | Exclude<ReplaceResult, { status: "written" }>
  /** There is a file although `replace` was not given. */
  | { readonly status: "exists" };

export type WriteFailure = Exclude<ExportResult["status"], "written">;

/**
 * Puts refreshed tokens into the auth.json that was read, if it is still the same. Edits the text in place: unknown
 * keys, their order and the formatting stay.
 */
export async function writeBackTokens(
  read: ReadFile,
  update: TokenUpdate,
  calls?: FileSystemCalls,
): Promise<WriteResult> {
  const text = withTokens(read.text, update);
  if (text === undefined) return { status: "notALogin" };
  return replaceFile(read.path, text, { fingerprint: read.fingerprint }, calls);
}

/** What is needed to restore a file after `exportAuthFile`; undefined when it has changed since it was read. */
export async function replacedFile({ path, fingerprint }: ReadFile, now: number): Promise<ReplacedFile | undefined> {
  const attributes = await attributesOf(path, fingerprint);
  const backup = `${path}.backup-${new Date(now).toISOString().replace(/[-:.]/g, "")}`;
  return attributes && { fingerprint, attributes, backup };
}

/**
 * Writes a login of ours as the auth.json of the Codex CLI. Replaces a file only when it still is `replace`, which the
 * person has agreed to. First makes a backup of it beside it, `auth.json.backup-<time>`, 0600.
 */
export async function exportAuthFile(
  path: string,
  login: ExportedLogin,
  replace: ReadFile | undefined,
  now: number,
  calls?: FileSystemCalls,
): Promise<ExportResult> {
  const text = exportedText(login, now);
  if (!replace) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => undefined);
    const result = await replaceFile(path, text, "nothing", calls);
    if (result.status === "changed") return { status: "exists" };
    return result.status === "written" ? { ...result, backup: undefined } : result;
  }
  const replaced = await replacedFile(replace, now);
  if (!replaced) return { status: "changed" };
  const owner = { ...replaced.attributes, mode: 0o600 };
  const kept = await replaceFile(replaced.backup, replace.text, "nothing", calls, owner);
  // There is a backup of the same millisecond already: fails in the same way as with a full disk.
  if (kept.status !== "written") return kept.status === "failed" ? kept : { status: "failed", reason: "other" };
  const result = await replaceFile(path, text, { fingerprint: replace.fingerprint }, calls);
  if (result.status === "written") return { ...result, backup: replaced.backup };
  if (result.status === "changed" || (await isStill(path, replaced))) await dropBackup(replaced);
  return result;
}

/**
 * Takes an exported login back: restores the file that it replaced, or removes it. `found` is what was read there last
 * ("nothing": no file). Bytes, mode and owner are as before. Never throws.
 */
export async function restoreAuthFile(
  path: string,
  found: Pick<ReadFile, "fingerprint"> | "nothing",
  replaced: ReplacedFile | undefined,
  calls?: FileSystemCalls,
): Promise<Exclude<ReplaceResult, { status: "written" }> | { readonly status: "restored" }> {
  if (!replaced) {
    if (found === "nothing") return { status: "restored" };
    const result = await removeFile(path, found.fingerprint);
    return result.status === "removed" ? { status: "restored" } : result;
  }
  if (found === "nothing" || found.fingerprint !== replaced.fingerprint) {
    const kept = await readAuthFile(replaced.backup);
    // It was restored or removed before: only the exported login is left to remove.
    if (kept.status === "missing") return restoreAuthFile(path, found, undefined, calls);
    if (kept.status !== "read" || kept.fingerprint !== replaced.fingerprint) {
      return { status: "failed", reason: "other" };
    }
    const result = await replaceFile(path, kept.text, found, calls, replaced.attributes);
    if (result.status !== "written") return result;
  }
  await dropBackup(replaced);
  return { status: "restored" };
}

async function isStill(path: string, { fingerprint }: ReplacedFile): Promise<boolean> {
  const read = await readAuthFile(path);
  return read.status === "read" && read.fingerprint === fingerprint;
}

async function dropBackup({ backup, fingerprint }: ReplacedFile): Promise<void> {
  await removeFile(backup, fingerprint);
}

/**
 * As Codex CLI 0.169 writes it; `login status` and `exec` accept this set of keys. Never with a key: one puts older
 * CLIs (0.42, 0.63) into API-key mode, and the derived key stays in VS Code's secret storage.
 */
function exportedText(login: ExportedLogin, now: number): string {
  const content = {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: login.idToken,
      access_token: login.accessToken,
      refresh_token: login.refreshToken,
      account_id: login.workspaceId,
    },
    // A record may have a time that no calendar has, and the Codex CLI could not read the file then.
    last_refresh: new Date(asTime(login.refreshedAt / 1000) ?? now).toISOString(),
  };
  return JSON.stringify(content, null, 2);
}

/** The text with the new tokens; undefined where it is no auth.json with tokens, or would be none afterwards. */
export function withTokens(text: string, update: TokenUpdate): string | undefined {
  const before = parseAuthFile(text);
  if (!before.ok || !before.file.tokens) return undefined;
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  let json = text.slice(mark.length);
  const set = (path: string[], value: string | undefined) => {
    if (value === undefined) return;
    const formattingOptions = { insertSpaces: true, tabSize: 2, eol };
    json = applyEdits(json, modify(json, path, value, { formattingOptions }));
  };
  set(["tokens", "id_token"], update.idToken);
  set(["tokens", "access_token"], update.accessToken);
  set(["tokens", "refresh_token"], update.refreshToken);
  set(["last_refresh"], new Date(update.refreshedAt).toISOString());
  const after = parseAuthFile(json);
  const tokens = after.ok ? after.file.tokens : undefined;
  const holds =
    tokens !== undefined &&
    tokens.idToken === (update.idToken ?? tokens.idToken) &&
    tokens.accessToken === (update.accessToken ?? tokens.accessToken) &&
    tokens.refreshToken === (update.refreshToken ?? tokens.refreshToken);
  return holds ? mark + json : undefined;
}
