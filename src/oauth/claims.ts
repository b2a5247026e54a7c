import { decodeJwt } from "jose/jwt/decode";
import * as z from "zod/mini";
import { isHeaderValue } from "../platform/headerValue.ts";
import { asTime } from "../platform/untrusted.ts";

/** What a token says about its account. Nothing here is verified: show and compare it, but never trust it. */
export interface Claims {
  readonly email?: string;
  readonly plan?: string;
  readonly userId?: string;
  /** The ChatGPT workspace (`chatgpt_account_id`). */
  readonly workspaceId?: string;
  /** There is an id of a ChatGPT workspace that no header can hold. Such a login is refused; without the id it would be another one. */
  readonly hasUnusableWorkspace?: true;
  readonly organizationId?: string;
  readonly projectId?: string;
  readonly fedramp: boolean;
  /** This person owns the Platform organization and has not set it up yet. */
  readonly needsPlatformSetup: boolean;
  /** Milliseconds since 1970, by the issuer's clock; an absurd time counts as absent (NumericDate, RFC 7519 section 2). */
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

const longestToken = 64 * 1024;

const text = z.string().check(z.minLength(1), z.maxLength(320));
/** A claim of the wrong type counts as absent: a sign-in must not fail because of it. */
const lenient = <T extends z.core.$ZodType>(schema: T) => z.catch(z.optional(schema), undefined);

const authClaim = z.object({
  chatgpt_plan_type: lenient(text),
  chatgpt_user_id: lenient(text),
  user_id: lenient(text),
  chatgpt_account_id: lenient(text),
  chatgpt_account_is_fedramp: lenient(z.boolean()),
  organization_id: lenient(text),
  project_id: lenient(text),
  completed_platform_onboarding: lenient(z.boolean()),
  is_org_owner: lenient(z.boolean()),
});

const payload = z.object({
  email: lenient(text),
  iat: lenient(z.number()),
  exp: lenient(z.number()),
  "https://api.openai.com/profile": lenient(z.object({ email: lenient(text) })),
  "https://api.openai.com/auth": lenient(authClaim),
});

/**
 * The claims of a JSON Web Token (RFC 7519), under the names that openai/codex reads them by. The signature is not
 * checked: the token came from the issuer over TLS (OpenID Connect Core 1.0 section 3.1.3.7).
 * @returns undefined when the text is no such token
 */
export function readClaims(token: string): Claims | undefined {
  if (token.length > longestToken) return undefined;
  const parsed = payload.safeParse(decode(token));
  if (!parsed.success) return undefined;
  const {
    email,
    iat,
    exp,
    "https://api.openai.com/profile": profile,
    "https://api.openai.com/auth": auth,
  } = parsed.data;
  return defined({
    email: email ?? profile?.email,
    plan: auth?.chatgpt_plan_type,
    userId: auth?.chatgpt_user_id ?? auth?.user_id,
    ...workspaceIn(auth?.chatgpt_account_id),
    organizationId: auth?.organization_id,
    projectId: auth?.project_id,
    fedramp: auth?.chatgpt_account_is_fedramp === true,
    needsPlatformSetup: auth?.completed_platform_onboarding !== true && auth?.is_org_owner === true,
    issuedAt: asTime(iat),
    expiresAt: asTime(exp),
  });
}

function workspaceIn(id: string | undefined): Pick<Claims, "workspaceId" | "hasUnusableWorkspace"> {
  if (id === undefined) return {};
  return isHeaderValue(id) ? { workspaceId: id } : { hasUnusableWorkspace: true };
}

/** The issuer that a token names (`iss`), unchanged. Not verified, like all claims. */
export function issuerOf(token: string): string | undefined {
  if (token.length > longestToken) return undefined;
  return z.object({ iss: text }).safeParse(decode(token)).data?.iss;
}

/**
 * Merges the claims of a credential's two tokens: the identity comes from the id_token and, where that has gaps, from
 * the access token; the times of issue and expiry come from the access token alone.
 */
export function mergeClaims(idToken: Claims | undefined, accessToken: Claims | undefined): Claims {
  const { issuedAt: _issuedAt, expiresAt: _expiresAt, ...identity } = idToken ?? {};
  return defined({
    ...accessToken,
    ...identity,
    fedramp: idToken?.fedramp === true || accessToken?.fedramp === true,
    needsPlatformSetup: idToken?.needsPlatformSetup ?? false,
    issuedAt: accessToken?.issuedAt,
    expiresAt: accessToken?.expiresAt,
  });
}

function decode(token: string): unknown {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
