import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { parseAuthFile } from "./parse.ts";
import { type AuthFileRead, readAuthFile } from "./read.ts";
import {
  attributesOf,
  type FileAttributes,
  type FileSystemCalls,
  type ReplaceResult,
  removeFile,
  replaceFile,
} from "./replace.ts";

/** What a refresh brought; parts that did not come stay as they are in the file. */
export interface TokenUpdate {
  readonly idToken?: string;
  readonly accessToken?: string;
  readonly refreshToken?: string;
  /** Milliseconds since 1970. */
  readonly refreshedAt: number;
}

/** A login of ours, to be handed to the CLI. */
export interface ExportedLogin {
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accountId: string;
  /** Milliseconds since 1970. */
  readonly refreshedAt: number;
}

/** A file that was replaced, as it is to be put back. */
export interface ReplacedFile {
  readonly fingerprint: string;
  readonly attributes: FileAttributes;
  /** Where its content is kept. */
  readonly backup: string;
}

type ReadFile = Extract<AuthFileRead, { status: "read" }>;

export type WriteResult =
  | ReplaceResult
  /** The text to be changed is not an auth.json that holds tokens; nothing was written. */
  | { readonly status: "notALogin" };

export type ExportResult =
  | (Extract<ReplaceResult, { status: "written" }> & { readonly backup: string | undefined })
  | Exclude<ReplaceResult, { status: "written" }>
  /** There is a file, and `replace` was not given (or is not what stands there). */
  | { readonly status: "exists" };

export type WriteFailure = Exclude<(WriteResult | ExportResult)["status"], "written">;

const sentences: Readonly<Record<WriteFailure, string>> = {
  changed:
    "The login file of the Codex CLI has changed in the meantime, so it was left as it is. Try again with the new content.",
  failed:
    "The login file of the Codex CLI could not be written and was left as it was. Check the folder's permissions and the free space on its disk, then try again.",
  notALogin:
    "The login file of the Codex CLI does not hold a ChatGPT login any more, so it was left as it is. Run “codex login” in a terminal, or sign in with ChatGPT here.",
  exists:
    "There is already a login file of the Codex CLI, so it was left as it is. Confirm that it may be replaced, or choose another folder.",
};

/** One sentence or two: what is wrong, and what to do next. */
export function describeWriteFailure(failure: WriteFailure): string {
  return sentences[failure];
}

/**
 * Puts refreshed tokens into the auth.json that was read, if it is still the same. Edits the text in place: keys
 * that are unknown here, their order and the formatting stay.
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

/** The file as `exportAuthFile` will keep it aside; undefined when it is not the one that was read any more. */
export async function replacedFile({ path, fingerprint }: ReadFile, now: number): Promise<ReplacedFile | undefined> {
  const attributes = await attributesOf(path, fingerprint);
  const backup = `${path}.backup-${new Date(now).toISOString().replace(/[-:.]/g, "")}`;
  return attributes && { fingerprint, attributes, backup };
}

/**
 * Writes a login of ours as the auth.json of a CLI. Over an existing file only when `replace` is that very file as it
 * was read (after the person agreed); that one is first kept beside it as `auth.json.backup-<time>`, 0600.
 */
export async function exportAuthFile(
  path: string,
  login: ExportedLogin,
  replace: ReadFile | undefined,
  now: number,
  calls?: FileSystemCalls,
): Promise<ExportResult> {
  const text = exportedText(login);
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
  // A backup of that millisecond is there already: as good as a full disk, and as safe.
  if (kept.status !== "written") return kept.status === "failed" ? kept : { status: "failed", reason: "other" };
  const result = await replaceFile(path, text, { fingerprint: replace.fingerprint }, calls);
  if (result.status === "written") return { ...result, backup: replaced.backup };
  if (result.status === "changed" || (await isStill(path, replaced))) await dropBackup(replaced);
  return result;
}

/**
 * Takes an exported login back: puts the file that it replaced, or none, where `found` stands, which is what was read
 * there last ("nothing": no file). Bytes, mode and owner are as they were. Never throws.
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
    // It was put back, or removed, before: only the login that was exported is left to be taken away.
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
 * As Codex CLI 0.169 writes it; `login status` and `exec` accept this set of keys. Never with a key: one puts older CLIs
 * (0.42, 0.63) into API-key mode, and the derived key stays in VS Code's secret storage.
 */
function exportedText(login: ExportedLogin): string {
  const content = {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: login.idToken,
      access_token: login.accessToken,
      refresh_token: login.refreshToken,
      account_id: login.accountId,
    },
    last_refresh: new Date(login.refreshedAt).toISOString(),
  };
  return JSON.stringify(content, null, 2);
}

/** The text with the tokens exchanged; undefined where it is not an auth.json with tokens, or would not be one after. */
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
