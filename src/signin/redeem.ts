import { accountIdOf, type Credential, claimsOf, credentialVersion, namesAccount } from "../account/credential.ts";
import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import { clockOffset, mayBeOld } from "../oauth/clockOffset.ts";
import type { TokenEndpoint, TokenSet } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import { isProblem } from "../shared/problem.ts";
import { onlyBrowserConnected } from "../shared/words/signIn.ts";

/** The tokens of a sign-in, with the time that the issuer's answer names. */
export type IssuedTokens = TokenSet & {
  date: string | undefined;
  /** When they were asked for, ms since 1970 by the local clock. */
  askedAt?: number;
};

/** Redeems an authorization code. @throws Problem */
export async function redeem(
  tokenEndpoint: TokenEndpoint,
  issuer: string,
  grant: AuthorizationGrant,
  clock: Clock,
): Promise<IssuedTokens> {
  const askedAt = clock.now();
  try {
    return { ...(await tokenEndpoint.redeemCode(grant)), askedAt };
  } catch (error) {
    // The code came through a browser on this network, so the service can be reached: only VS Code's connection fails.
    const onlyHere = isProblem(
      error,
      ...(["dnsFailed", "tlsFailed", "proxyFailed", "unreachable", "regionBlocked", "edgeBlocked"] as const),
    );
    if (!onlyHere || grant.redirectUri.startsWith(issuer)) throw error;
    error.message = onlyBrowserConnected(error.message);
    throw error;
  }
}

/** The id of the account that tokens belong to; undefined when they name nobody. */
export function accountIdIn(issuer: string, tokens: TokenSet): string | undefined {
  const claims = claimsOf(tokens);
  return namesAccount(claims) ? accountIdOf(issuer, claims) : undefined;
}

/**
 * The record of a new sign-in. What was stored for the account keeps its derived key.
 * @param before the record that an account has
 */
export function newCredential(
  issuer: string,
  { date, askedAt, ...tokens }: IssuedTokens,
  before: (id: string) => Credential | undefined,
  clock: Clock,
): Credential {
  const claims = claimsOf(tokens);
  const id = accountIdOf(issuer, claims);
  const { derivedKey, creditsAskedAt } = before(id) ?? {};
  const now = clock.now();
  return {
    version: credentialVersion,
    id,
    origin: "own",
    issuer,
    tokens,
    sequence: 0,
    signedInAt: now,
    receivedAt: now,
    lastRefreshAt: now,
    clockOffset: mayBeOld(clock, askedAt) ? 0 : (clockOffset(clock, date, claims.issuedAt, claims.expiresAt) ?? 0),
    derivedKey: derivedKey?.status === "present" ? derivedKey : { status: "absent", why: "pending" },
    ...(creditsAskedAt !== undefined && { creditsAskedAt }),
  };
}
