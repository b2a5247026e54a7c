import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { type Claims, mergeClaims, readClaims } from "../oauth/claims.ts";
import type { TokenSet } from "../oauth/tokenEndpoint.ts";

/** The version of the record below. A reader of version N migrates older ones and leaves newer ones alone. */
export const credentialVersion = 1;

const token = z.string().check(z.minLength(1));
const time = z.number();

const derivedKeySchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("present"), key: token, createdAt: time }),
  z.object({ status: z.literal("absent"), why: z.enum(["pending", "noOrganization", "refused", "unreachable"]) }),
]);
export type DerivedKey = z.infer<typeof derivedKeySchema>;

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
  /** Set when the issuer will not renew these tokens any more. */
  rejected: z.optional(z.enum(["expired", "reused", "revoked", "rejected"])),
});
export type Credential = Readonly<z.infer<typeof credentialSchema>>;

export type StoredCredential =
  | { status: "found"; credential: Credential }
  | { status: "none" }
  | { status: "corrupt" }
  | { status: "newer" };

/** Reads a stored record, whatever is in it. */
export function parseCredential(text: string | undefined): StoredCredential {
  if (text === undefined) return { status: "none" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { status: "corrupt" };
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > credentialVersion) return { status: "newer" };
  const parsed = credentialSchema.safeParse(value);
  return parsed.success ? { status: "found", credential: parsed.data } : { status: "corrupt" };
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
