import { type Node, parseTree } from "jsonc-parser";
import * as z from "zod/mini";
import { mergeClaims, readClaims } from "../../oauth/claims.ts";
import { isHeaderValue } from "../../platform/headerValue.ts";
import { parseJson } from "../../platform/json.ts";
import { asTime } from "../../platform/untrusted.ts";
import type { AuthFileProblem, AuthFileReason, UnsupportedKind } from "./problem.ts";

/** Far above what the Codex CLI writes (about 5 KB, four levels at most, tokens of about 2,000 characters). */
export const authFileLimits = { bytes: 1024 * 1024, depth: 32, stringLength: 64 * 1024 } as const;

export interface CodexTokens {
  readonly idToken: string;
  readonly accessToken: string;
  /** Absent where the file has an empty one, which the Codex CLI accepts. */
  readonly refreshToken: string | undefined;
  /**
   * The claim `chatgpt_account_id` of the ID token, else of the access token: what the account's id, the policy and
   * requests go by, too. The file's `tokens.account_id` may differ and is not used.
   */
  readonly workspaceId: string | undefined;
}

/**
 * What the claims say about the person. Not verified: for display and comparison only, to be cleaned before it is
 * shown.
 */
export interface CodexIdentity {
  readonly email: string | undefined;
  readonly plan: string | undefined;
  readonly userId: string | undefined;
}

interface AuthFileCommon {
  readonly identity: CodexIdentity;
  /** Milliseconds since 1970, from the access token's `exp`. */
  readonly accessTokenExpiresAt: number | undefined;
  /** Milliseconds since 1970. */
  readonly lastRefresh: number | undefined;
}

/** A usable auth.json. `mode` is how the Codex CLI uses it; it may contain parts of the other mode too. */
export type AuthFile = AuthFileCommon &
  (
    | { readonly mode: "chatgpt"; readonly tokens: CodexTokens; readonly apiKey: string | undefined }
    | { readonly mode: "apiKey"; readonly tokens: CodexTokens | undefined; readonly apiKey: string }
  );

export type AuthFileResult =
  | { readonly ok: true; readonly file: AuthFile }
  | { readonly ok: false; readonly problem: AuthFileProblem };

const tokensSchema = z.object({
  id_token: z.nullish(z.string()),
  access_token: z.nullish(z.string()),
  refresh_token: z.nullish(z.string()),
  account_id: z.nullish(z.string()),
});

const fileSchema = z.object({
  auth_mode: z.nullish(z.string()),
  OPENAI_API_KEY: z.nullish(z.string()),
  tokens: z.nullish(tokensSchema),
  last_refresh: z.nullish(z.unknown()),
  agent_identity: z.nullish(z.unknown()),
  personal_access_token: z.nullish(z.unknown()),
  bedrock_api_key: z.nullish(z.unknown()),
  bedrock_access_keys: z.nullish(z.unknown()),
});

const unsupportedModes: ReadonlyMap<string, UnsupportedKind> = new Map([
  ["chatgptAuthTokens", "chatgptAuthTokens"],
  ["headers", "headers"],
  ["agentIdentity", "agentIdentity"],
  ["personalAccessToken", "personalAccessToken"],
  ["bedrockApiKey", "bedrock"],
  ["bedrockAccessKeys", "bedrock"],
]);

/**
 * Reads the text of an auth.json as Codex CLI 0.169 would, in any of the shapes that earlier versions wrote. Accepts
 * any text, never throws, and puts no value of it into a problem. A byte order mark is ignored. Duplicate keys are
 * refused as by the Codex CLI, although JSON.parse accepts them.
 */
export function parseAuthFile(text: string): AuthFileResult {
  const json = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const damage = textDamage(json);
  if (damage) return problem(damage);
  const value = parseJson(json);
  if (value === undefined) return problem("notJson");
  if (hasDuplicateKeys(json)) return problem("duplicateKeys");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return problem("wrongShape");
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) return problem("wrongShape");
  return interpret(parsed.data);
}

/** What is wrong with a text, whatever login it is. */
type Damage = Exclude<AuthFileReason, "unsupportedKind">;

type Content = z.infer<typeof fileSchema>;

function interpret(content: Content): AuthFileResult {
  const mode = content.auth_mode ?? impliedMode(content);
  if (mode !== "chatgpt" && mode !== "apikey") {
    return { ok: false, problem: { reason: "unsupportedKind", kind: unsupportedModes.get(mode) ?? "unknown" } };
  }
  const apiKey = content.OPENAI_API_KEY || undefined;
  if (apiKey && !isHeaderValue(apiKey)) return problem("unusableCharacters");
  const lastRefresh = timeOf(content.last_refresh);
  if (!content.tokens) {
    if (!apiKey) return problem("noCredential");
    if (mode === "chatgpt") return problem("incompleteTokens");
    const identity = { email: undefined, plan: undefined, userId: undefined };
    const file = { mode: "apiKey", apiKey, tokens: undefined, identity, accessTokenExpiresAt: undefined } as const;
    return { ok: true, file: { ...file, lastRefresh } };
  }
  const login = interpretTokens(content.tokens);
  if (typeof login === "string") return problem(login);
  if (mode === "chatgpt") return { ok: true, file: { ...login, mode, apiKey, lastRefresh } };
  if (!apiKey) return problem("noCredential");
  return { ok: true, file: { ...login, mode: "apiKey", apiKey, lastRefresh } };
}

/** The tokens and what their claims say of the person, or why they cannot be used. */
function interpretTokens(raw: NonNullable<Content["tokens"]>) {
  if (!raw.id_token || !raw.access_token || typeof raw.refresh_token !== "string") return "incompleteTokens";
  const all = [raw.id_token, raw.access_token, raw.refresh_token, raw.account_id];
  if (!all.every((text) => !text || isHeaderValue(text))) return "unusableCharacters";
  const claims = readClaims(raw.id_token);
  if (!claims) return "invalidIdToken";
  const accessClaims = readClaims(raw.access_token);
  const { workspaceId, hasUnusableWorkspace } = mergeClaims(claims, accessClaims);
  if (hasUnusableWorkspace) return "unusableCharacters";
  const tokens: CodexTokens = {
    idToken: raw.id_token,
    accessToken: raw.access_token,
    refreshToken: raw.refresh_token || undefined,
    workspaceId,
  };
  const identity: CodexIdentity = { email: claims.email, plan: claims.plan, userId: claims.userId };
  return { tokens, identity, accessTokenExpiresAt: accessClaims?.expiresAt };
}

/** How the Codex CLI determines a missing `auth_mode`. */
function impliedMode(content: Content): string {
  if (content.personal_access_token) return "personalAccessToken";
  if (content.bedrock_api_key || content.bedrock_access_keys) return "bedrockApiKey";
  if (content.OPENAI_API_KEY) return "apikey";
  if (content.agent_identity && !content.tokens) return "agentIdentity";
  return "chatgpt";
}

/** What can be refused before anything is built. Does not recurse, so no depth of nesting can exhaust it. */
function textDamage(json: string): Damage | undefined {
  if (json.length > authFileLimits.bytes || Buffer.byteLength(json) > authFileLimits.bytes) return "tooLarge";
  const start = json.trimStart();
  if (start === "") return "empty";
  if (start.startsWith("<")) return "html";
  let depth = 0;
  for (let index = 0; index < json.length; index++) {
    if (json[index] === '"') {
      const end = endOfString(json, index);
      if (end - index - 1 > authFileLimits.stringLength) return "stringTooLong";
      index = end;
    }
    depth += depthChange(json[index]);
    if (depth > authFileLimits.depth) return "tooDeep";
  }
  return undefined;
}

/** Where the string ends that begins here: its closing quote, or the end of the text. */
function endOfString(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index++) {
    if (json[index] === "\\") index++;
    else if (json[index] === '"') return index;
  }
  return json.length;
}

function depthChange(character: string | undefined): number {
  if (character === "{" || character === "[") return 1;
  return character === "}" || character === "]" ? -1 : 0;
}

/** Whether a key that is read here appears twice. */
function hasDuplicateKeys(json: string): boolean {
  const root = parseTree(json);
  if (root?.type !== "object") return false;
  const tokens = root.children?.find((property) => keyOf(property) === "tokens")?.children?.[1];
  return repeats(root, fileSchema) || (tokens?.type === "object" && repeats(tokens, tokensSchema));
}

function repeats(node: Node, schema: { readonly shape: object }): boolean {
  const keys = (node.children ?? []).map(keyOf).filter((key) => Object.hasOwn(schema.shape, key));
  return new Set(keys).size < keys.length;
}

function keyOf(property: Node): string {
  return String(property.children?.[0]?.value);
}

function timeOf(value: unknown): number | undefined {
  return typeof value === "string" && value.length <= 64 ? asTime(Date.parse(value) / 1000) : undefined;
}

function problem(reason: Damage): AuthFileResult {
  return { ok: false, problem: { reason } };
}
