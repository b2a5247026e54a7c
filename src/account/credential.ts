import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { type Claims, mergeClaims, readClaims } from "../oauth/claims.ts";
import type { TokenSet } from "../oauth/tokenEndpoint.ts";
import { isHeaderValue } from "../platform/headerValue.ts";
import { parseJson } from "../platform/json.ts";
import { asRecord } from "../platform/untrusted.ts";
import { Problem } from "../shared/problem.ts";
import { type Migrations, migrateCredential } from "./migrateCredential.ts";

/** The version of the record below. */
export const credentialVersion = 2;

const token = z.string().check(z.minLength(1));
/** A token or key that is sent in a header. */
const headerToken = z.string().check(z.refine(isHeaderValue));
const time = z.number();
/** What a record of this origin cannot have. */
const absent = z.optional(z.never());

/** Where a linked login lives. */
const linkSchema = z.object({
  /** The CLI's folder (`CODEX_HOME`). */
  codexHome: z.string(),
  store: z.enum(["file", "keyring"]),
  /** The person chose that this extension refreshes the file's tokens where no CLI is installed. */
  refreshHere: z.boolean(),
});
export type CodexLink = Readonly<z.infer<typeof linkSchema>>;

/** A hand-off to the Codex CLI that has begun and whose outcome is not known yet. */
const handOffSchema = z.object({
  codexHome: z.string(),
  /** What was in its auth.json, so that it can be restored. */
  replaced: z.optional(
    z.object({
      fingerprint: z.string(),
      attributes: z.object({ mode: z.number(), uid: z.number(), gid: z.number() }),
      backup: z.string(),
    }),
  ),
});

const derivedKeySchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("present"), key: headerToken, createdAt: time }),
  z.object({ status: z.literal("absent"), why: z.enum(["pending", "noOrganization", "refused", "unreachable"]) }),
]);
export type DerivedKey = z.infer<typeof derivedKeySchema>;

/** Whether it is not decided yet if an account has a key: none has been asked for since the sign-in. */
export function isPending(key: DerivedKey): boolean {
  return key.status === "absent" && key.why === "pending";
}

const rejectionSchema = z.enum(["expired", "reused", "revoked", "rejected"]);

/** What a record has whatever its origin. Times are ms since 1970 by the local clock. */
const commonFields = {
  version: z.literal(credentialVersion),
  /** Our own name of the account; safe to show and log. */
  id: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  issuer: z.string(),
  /** How often the tokens were refreshed since the sign-in. */
  sequence: z.number(),
  signedInAt: time,
  /** When the access token came. */
  receivedAt: time,
  lastRefreshAt: z.optional(time),
  /** The issuer's clock minus ours, ms. */
  clockOffset: z.number(),
  derivedKey: derivedKeySchema,
  /** When the plan's API credits were asked for, with a definite answer; once per account. */
  creditsAskedAt: z.optional(time),
  /** When they were last asked for, whatever came of it. */
  creditsTriedAt: z.optional(time),
  /** Set when the issuer does not refresh these tokens any more. */
  rejected: z.optional(rejectionSchema),
};

/** What a record has whose refresh token is kept here. */
const heldFields = {
  ...commonFields,
  tokens: z.object({ idToken: token, accessToken: headerToken, refreshToken: token }),
  /** While it is set, the refresh token may be in the CLI's file too, and must not be used. */
  handOff: z.optional(handOffSchema),
  link: absent,
};

/** What a record has whose login the Codex CLI owns: the CLI alone uses its refresh token, so it is not kept here. */
const linkedFields = {
  ...commonFields,
  tokens: z.object({ idToken: token, accessToken: headerToken, refreshToken: absent }),
  link: linkSchema,
  handOff: absent,
};

/**
 * All that is kept of one account, in one secret: a crash leaves the old record or the new one. Its origin says whose
 * login it is: signed in here, copied from the Codex CLI, or still the CLI's.
 */
const credentialSchema = z.discriminatedUnion("origin", [
  z.object({ origin: z.literal("own"), ...heldFields }),
  z.object({ origin: z.literal("copied"), ...heldFields }),
  z.object({ origin: z.literal("linked"), ...linkedFields }),
]);
export type Credential = Readonly<z.infer<typeof credentialSchema>>;
export type Origin = Credential["origin"];
export type LinkedCredential = Extract<Credential, { origin: "linked" }>;
/** A credential whose refresh token is kept here. */
export type HeldCredential = Exclude<Credential, LinkedCredential>;
/** The tokens that a credential of any origin has. */
export type LoginTokens = Pick<TokenSet, "idToken" | "accessToken">;

export type StoredCredential =
  | { status: "found"; credential: Credential }
  | { status: "none" }
  | { status: "corrupt" }
  | { status: "newer" };

/** Reads a stored record, whatever is in it. One of an older version is migrated, one of a newer version left alone. */
export function parseCredential(text: string | undefined, steps?: Migrations): StoredCredential {
  if (text === undefined) return { status: "none" };
  const record = asRecord(parseJson(text));
  if (!record) return { status: "corrupt" };
  if (typeof record.version === "number" && record.version > credentialVersion) return { status: "newer" };
  const credential = readRecord(withoutUnknownRejection(migrateCredential(record, steps)));
  return credential ? { status: "found", credential } : { status: "corrupt" };
}

/**
 * What is stored for a record.
 * @throws Problem `saveFailed` for one that could not be read again: what is stored already is better
 */
export function serializeCredential(credential: Credential): string {
  const text = JSON.stringify(credential);
  if (!readRecord(JSON.parse(text))) throw new Problem("saveFailed", "not a valid record");
  return text;
}

/** A record in its present version, if its credential can be sent. */
function readRecord(record: unknown): Credential | undefined {
  const { data } = credentialSchema.safeParse(record);
  return data && !claimsOf(data.tokens).hasUnusableWorkspace ? data : undefined;
}

/** An unknown reason must not cost the record that it is in: the next refresh will find out. */
function withoutUnknownRejection(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!("rejected" in record)) return record;
  const { rejected, ...rest } = record;
  return rejectionSchema.safeParse(rejected).success ? record : rest;
}

/** What the tokens of a record say about its account. */
export function claimsOf(tokens: LoginTokens): Claims {
  return mergeClaims(readClaims(tokens.idToken), readClaims(tokens.accessToken));
}

/**
 * Whether claims name a person. A ChatGPT workspace alone may be many people's, and tokens that name nobody are nobody's:
 * two of them must never count as one account.
 */
export function namesAccount({ userId, email }: Claims): boolean {
  return userId !== undefined || email !== undefined;
}

/**
 * The id of the account that tokens belong to: a ChatGPT user in one ChatGPT workspace at one issuer. The same email in
 * two ChatGPT workspaces makes two accounts.
 */
export function accountIdOf(issuer: string, claims: Claims): string {
  const identity = [issuer, claims.userId ?? claims.email ?? "", claims.workspaceId ?? ""].join("\n");
  return createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

/** A key as it may be shown: `sk-…abcd`. Of a short key, or one with an unusual end, nothing is shown. */
export function maskKey(key: string): string {
  const prefix = key.startsWith("sess-") ? "sess-" : "sk-";
  const end = key.slice(-4);
  return key.length >= 20 && /^[\w-]{4}$/.test(end) ? `${prefix}…${end}` : `${prefix}…`;
}
