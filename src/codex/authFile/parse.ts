import { decodeJwt } from "jose";
import { type Node, parseTree } from "jsonc-parser";
import * as z from "zod/mini";
import type { AuthFileProblem, AuthFileReason, UnsupportedKind } from "./problem.ts";

/** Far above what the CLI writes (about 5 KB, four levels at most, tokens of about 2,000 characters). */
export const authFileLimits = { bytes: 1024 * 1024, depth: 32, stringLength: 64 * 1024 } as const;

export interface CodexTokens {
  readonly idToken: string;
  readonly accessToken: string;
  /** Absent where the file holds an empty one, which the CLI accepts. */
  readonly refreshToken: string | undefined;
  /** `tokens.account_id`, else the claim `chatgpt_account_id` of the ID token, else of the access token. */
  readonly accountId: string | undefined;
}

/** What the claims say of the person. Not verified: for display and comparison only, and not yet fit for a dialog. */
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

/** A usable auth.json. `mode` is how the CLI itself uses it; the other mode's parts may be there too. */
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

// A claim of the wrong type is treated as absent: claims come from a file and decide nothing.
const claimText = z.catch(z.optional(z.string()), undefined);
const claimsSchema = z.object({
  exp: z.catch(z.optional(z.number()), undefined),
  email: claimText,
  "https://api.openai.com/profile": z.catch(z.optional(z.object({ email: claimText })), undefined),
  "https://api.openai.com/auth": z.catch(
    z.optional(
      z.object({
        chatgpt_plan_type: claimText,
        chatgpt_user_id: claimText,
        user_id: claimText,
        chatgpt_account_id: claimText,
      }),
    ),
    undefined,
  ),
});
type Claims = z.infer<typeof claimsSchema>;

const unsupportedModes: ReadonlyMap<string, UnsupportedKind> = new Map([
  ["chatgptAuthTokens", "chatgptAuthTokens"],
  ["headers", "headers"],
  ["agentIdentity", "agentIdentity"],
  ["personalAccessToken", "personalAccessToken"],
  ["bedrockApiKey", "bedrock"],
  ["bedrockAccessKeys", "bedrock"],
]);

/**
 * Reads the text of an auth.json as Codex CLI 0.169 would, in any of the shapes that earlier versions wrote. Takes any
 * text, never throws, and puts no value of it into a problem. A byte order mark is tolerated. Two equal keys, which
 * JSON.parse would resolve silently and the CLI refuses, are refused.
 */
export function parseAuthFile(text: string): AuthFileResult {
  const json = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const damage = textDamage(json);
  if (damage) return problem(damage);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return problem("notJson");
  }
  if (hasDuplicateKeys(json)) return problem("duplicateKeys");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return problem("wrongShape");
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) return problem("wrongShape");
  return interpret(parsed.data);
}

function interpret(content: z.infer<typeof fileSchema>): AuthFileResult {
  const mode = content.auth_mode ?? impliedMode(content);
  if (mode !== "chatgpt" && mode !== "apikey") {
    return { ok: false, problem: { reason: "unsupportedKind", kind: unsupportedModes.get(mode) ?? "unknown" } };
  }
  const apiKey = content.OPENAI_API_KEY || undefined;
  if (apiKey && !isHeaderSafe(apiKey)) return problem("unusableCharacters");
  const raw = content.tokens;
  if (!raw) {
    if (!apiKey) return problem("noCredential");
    if (mode === "chatgpt") return problem("incompleteTokens");
    const identity = { email: undefined, plan: undefined, userId: undefined };
    const lastRefresh = timeOf(content.last_refresh);
    return {
      ok: true,
      file: { mode: "apiKey", apiKey, tokens: undefined, identity, accessTokenExpiresAt: undefined, lastRefresh },
    };
  }
  if (!raw.id_token || !raw.access_token || typeof raw.refresh_token !== "string") return problem("incompleteTokens");
  if (![raw.id_token, raw.access_token, raw.refresh_token, raw.account_id ?? ""].every(isHeaderSafe)) {
    return problem("unusableCharacters");
  }
  const idClaims = claimsOf(raw.id_token);
  if (!idClaims) return problem("invalidIdToken");
  const accessClaims = claimsOf(raw.access_token);
  const auth = idClaims["https://api.openai.com/auth"];
  const accountId =
    raw.account_id || auth?.chatgpt_account_id || accessClaims?.["https://api.openai.com/auth"]?.chatgpt_account_id;
  const tokens: CodexTokens = {
    idToken: raw.id_token,
    accessToken: raw.access_token,
    refreshToken: raw.refresh_token || undefined,
    accountId: accountId && isHeaderSafe(accountId) ? accountId : undefined,
  };
  const common: AuthFileCommon = {
    identity: {
      email: idClaims.email ?? idClaims["https://api.openai.com/profile"]?.email,
      plan: auth?.chatgpt_plan_type,
      userId: auth?.chatgpt_user_id ?? auth?.user_id,
    },
    accessTokenExpiresAt: expiryOf(accessClaims),
    lastRefresh: timeOf(content.last_refresh),
  };
  if (mode === "chatgpt") return { ok: true, file: { ...common, mode, tokens, apiKey } };
  if (!apiKey) return problem("noCredential");
  return { ok: true, file: { ...common, mode: "apiKey", tokens, apiKey } };
}

/** The order in which the CLI works out a missing `auth_mode`. */
function impliedMode(content: z.infer<typeof fileSchema>): string {
  if (content.personal_access_token) return "personalAccessToken";
  if (content.bedrock_api_key || content.bedrock_access_keys) return "bedrockApiKey";
  if (content.OPENAI_API_KEY) return "apikey";
  if (content.agent_identity && !content.tokens) return "agentIdentity";
  return "chatgpt";
}

/** What can be refused before anything is built; does not recurse, so no depth of nesting can exhaust it. */
function textDamage(json: string): Exclude<AuthFileReason, "unsupportedKind"> | undefined {
  if (json.length > authFileLimits.bytes || Buffer.byteLength(json) > authFileLimits.bytes) return "tooLarge";
  const start = json.trimStart();
  if (start === "") return "empty";
  if (start.startsWith("<")) return "html";
  let depth = 0;
  let stringStart = -1;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (stringStart >= 0) {
      if (character === "\\") index++;
      else if (character === '"') stringStart = -1;
      if (stringStart >= 0 && index - stringStart > authFileLimits.stringLength) return "stringTooLong";
    } else if (character === '"') stringStart = index;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    if (depth > authFileLimits.depth) return "tooDeep";
  }
  return undefined;
}

/** Whether a key that is read here stands twice at its place. */
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

function claimsOf(token: string): Claims | undefined {
  try {
    return claimsSchema.parse(decodeJwt(token));
  } catch {
    return undefined;
  }
}

function expiryOf(claims: Claims | undefined): number | undefined {
  const milliseconds = (claims?.exp ?? Number.NaN) * 1000;
  return isTime(milliseconds) ? milliseconds : undefined;
}

function timeOf(value: unknown): number | undefined {
  const milliseconds = typeof value === "string" && value.length <= 64 ? Date.parse(value) : Number.NaN;
  return isTime(milliseconds) ? milliseconds : undefined;
}

/** Within what a Date can hold, and after 1970. */
function isTime(milliseconds: number): boolean {
  return milliseconds > 0 && milliseconds <= 8.64e15;
}

/** Visible ASCII only: everything else would break, or break out of, an HTTP header. */
function isHeaderSafe(value: string): boolean {
  return /^[\x21-\x7e]*$/.test(value);
}

function problem(reason: Exclude<AuthFileReason, "unsupportedKind">): AuthFileResult {
  return { ok: false, problem: { reason } };
}
