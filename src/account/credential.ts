import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { type Claims, mergeClaims, readClaims } from "../oauth/claims.ts";
import type { TokenSet } from "../oauth/tokenEndpoint.ts";
import { Problem } from "../shared/problem.ts";

/** The version of the record below. A reader of version N migrates older ones and leaves newer ones alone. */
export const credentialVersion = 1;

const token = z.string().check(z.minLength(1));
const time = z.number();

/**
 * Stands in a linked record where the refresh token would: the Codex CLI alone spends that one, so it is not kept here.
 * Holds spaces, so that it can be no token.
 */
export const keptByTheCli = "kept by the Codex CLI";

/** Where a linked login lives. */
const linkSchema = z.object({
  /** The CLI's folder (`CODEX_HOME`). */
  codexHome: z.string(),
  store: z.enum(["file", "keyring"]),
  /** The person chose that the file be renewed from here where no CLI is installed. */
  refreshHere: z.boolean(),
});
export type CodexLink = Readonly<z.infer<typeof linkSchema>>;

/** A hand-over to the Codex CLI that has begun and whose outcome is not known yet. */
const handOverSchema = z.object({
  codexHome: z.string(),
  /** What stood in its auth.json, as it is to be put back. */
  replaced: z.optional(
    z.object({
      fingerprint: z.string(),
      attributes: z.object({ mode: z.number(), uid: z.number(), gid: z.number() }),
      backup: z.string(),
    }),
  ),
});

const derivedKeySchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("present"), key: token, createdAt: time }),
  z.object({ status: z.literal("absent"), why: z.enum(["pending", "noOrganization", "refused", "unreachable"]) }),
]);
export type DerivedKey = z.infer<typeof derivedKeySchema>;

const rejectionSchema = z.enum(["expired", "reused", "revoked", "rejected"]);

/**
 * All that is kept of one account, in one secret: a crash leaves the old record or the new one. Times are ms since 1970
 * by the local clock.
 */
export const credentialSchema = z.object({
  version: z.literal(credentialVersion),
  /** Our own name of the account; safe to show and log. */
  id: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  origin: z.enum(["own", "linked", "copied"]),
  issuer: z.string(),
  tokens: z.object({ idToken: token, accessToken: token, refreshToken: token }),
  /** How often the tokens were renewed since the sign-in. */
  sequence: z.number(),
  signedInAt: time,
  /** When the access token came. */
  receivedAt: time,
  lastRefreshAt: z.optional(time),
  /** The issuer's clock minus ours, ms. */
  clockOffset: z.number(),
  derivedKey: derivedKeySchema,
  /** When the plan's API credits were asked for; once per account. */
  creditsAskedAt: z.optional(time),
  /** Of a linked record: where its owner keeps the login. */
  link: z.optional(linkSchema),
  /** Of a record that is not linked yet: its refresh token may be in the CLI's file too, and must not be spent. */
  handOff: z.optional(handOverSchema),
  /** Set when the issuer will not renew these tokens any more. */
  rejected: z.optional(rejectionSchema),
});
export type Credential = Readonly<z.infer<typeof credentialSchema>>;

export type StoredCredential =
  | { status: "found"; credential: Credential }
  | { status: "none" }
  | { status: "corrupt" }
  | { status: "newer" };

/** Makes a record of the next version out of one of the version it stands under. */
export type Migrations = Readonly<Record<number, (record: Record<string, unknown>) => Record<string, unknown>>>;

/** None yet: version 1 is the first that was ever stored. */
const migrations: Migrations = {};

/** Reads a stored record, whatever is in it; one of an older version is brought up to this one step by step. */
export function parseCredential(text: string | undefined, steps: Migrations = migrations): StoredCredential {
  if (text === undefined) return { status: "none" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { status: "corrupt" };
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > credentialVersion) return { status: "newer" };
  const parsed = credentialSchema.safeParse(withoutUnknownRejection(migrate(value, version, steps)));
  return parsed.success ? { status: "found", credential: parsed.data } : { status: "corrupt" };
}

/**
 * What is stored for a record.
 * @throws Problem `saveFailed` for one that could not be read again: what is stored already is better
 */
export function serializeCredential(credential: Credential): string {
  const text = JSON.stringify(credential);
  if (!credentialSchema.safeParse(JSON.parse(text)).success) throw new Problem("saveFailed", "not a valid record");
  return text;
}

/** A reason that is none of ours says nothing, and must not cost the record it stands in: the next refresh will tell. */
function withoutUnknownRejection(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("rejected" in value)) return value;
  const { rejected, ...record } = value;
  return rejectionSchema.safeParse(rejected).success ? value : record;
}

function migrate(value: unknown, version: unknown, steps: Migrations): unknown {
  if (typeof version !== "number" || typeof value !== "object" || value === null) return value;
  let record = value as Record<string, unknown>;
  for (let from = version; from < credentialVersion; from += 1) {
    const step = steps[from];
    if (!step) return undefined;
    record = { ...step(record), version: from + 1 };
  }
  return record;
}

/** What the tokens of a record say of its account. */
export function claimsOf(tokens: TokenSet): Claims {
  return mergeClaims(readClaims(tokens.idToken), readClaims(tokens.accessToken));
}

/**
 * The id of the account that tokens belong to: a ChatGPT user in one ChatGPT workspace at one issuer. The same email in
 * two ChatGPT workspaces makes two.
 */
export function accountIdOf(issuer: string, claims: Claims): string {
  const identity = [issuer, claims.userId ?? claims.email ?? "", claims.accountId ?? ""].join("\n");
  return createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

/** A key as it may be shown: `sk-…abcd`. One too short to hide the rest shows nothing of it. */
export function maskKey(key: string): string {
  const prefix = key.startsWith("sess-") ? "sess-" : "sk-";
  return key.length >= 20 ? `${prefix}…${key.slice(-4)}` : `${prefix}…`;
}
