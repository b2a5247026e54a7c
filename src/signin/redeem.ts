import { accountIdOf, type Credential, claimsOf, credentialVersion } from "../account/credential.ts";
import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import { readClaims } from "../oauth/claims.ts";
import { clockOffset } from "../oauth/clockOffset.ts";
import type { TokenEndpoint, TokenSet } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import { isProblem } from "../shared/problem.ts";
import { onlyBrowserConnected } from "../shared/words/signIn.ts";

/** The tokens of a sign-in, with the time that the issuer's answer names. */
export type IssuedTokens = TokenSet & { date: string | undefined };

/** Redeems an authorization code. @throws Problem */
export async function redeem(
  tokenEndpoint: TokenEndpoint,
  issuer: string,
  grant: AuthorizationGrant,
  signal: AbortSignal,
): Promise<IssuedTokens> {
  try {
    return await tokenEndpoint.redeemCode(grant, signal);
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

/** Whether tokens are of one of these ChatGPT workspaces; with none named, all are allowed. */
export function isAllowedWorkspace(tokens: TokenSet, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  const workspace = readClaims(tokens.idToken)?.workspaceId;
  return workspace !== undefined && allowed.includes(workspace);
}

/** The id of the account that tokens belong to. */
export function accountIdIn(issuer: string, tokens: TokenSet): string {
  return accountIdOf(issuer, claimsOf(tokens));
}

/** The record of a new sign-in. What was stored for the account keeps its derived key. */
export function newCredential(
  issuer: string,
  { date, ...tokens }: IssuedTokens,
  before: Credential | undefined,
  clock: Clock,
): Credential {
  const { issuedAt, expiresAt } = claimsOf(tokens);
  const now = clock.now();
  return {
    version: credentialVersion,
    id: accountIdIn(issuer, tokens),
    origin: "own",
    issuer,
    tokens,
    sequence: 0,
    signedInAt: now,
    receivedAt: now,
    clockOffset: clockOffset(clock, date, issuedAt, expiresAt) ?? 0,
    derivedKey: before?.derivedKey.status === "present" ? before.derivedKey : { status: "absent", why: "pending" },
    ...(before?.creditsAskedAt !== undefined && { creditsAskedAt: before.creditsAskedAt }),
  };
}
