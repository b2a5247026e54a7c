import { type Claims, readClaims } from "../oauth/claims.ts";
import { claimsOf, type LoginTokens } from "./credential.ts";

/**
 * An account's tokens with those that a refresh brought, and what they say; what the refresh left out stays valid.
 * Undefined when a token of the answer is another account's.
 */
export function mergeTokens<T extends LoginTokens>(
  known: T,
  answered: Partial<T>,
): { tokens: T; claims: Claims } | undefined {
  const claims = claimsOf(known);
  for (const token of [answered.idToken, answered.accessToken]) {
    const named = token === undefined ? undefined : readClaims(token);
    if (
      named?.hasUnusableWorkspace ||
      isOther(named?.workspaceId, claims.workspaceId) ||
      isOther(named?.userId, claims.userId)
    )
      return undefined;
  }
  const tokens: T = { ...known, ...answered };
  const merged = claimsOf(tokens);
  if (isReadable(answered.idToken) && namesAsMuch(merged, claims)) return { tokens, claims: merged };
  // An id_token that no longer says who somebody is does not replace one that does.
  const kept: T = { ...tokens, idToken: known.idToken };
  return { tokens: kept, claims: claimsOf(kept) };
}

function isOther(named: string | undefined, known: string | undefined): boolean {
  return named !== undefined && known !== undefined && named !== known;
}

/** Whether a token, if there is one, is a JSON Web Token. */
function isReadable(token: string | undefined): boolean {
  return token === undefined || readClaims(token) !== undefined;
}

function namesAsMuch(merged: Claims, known: Claims): boolean {
  const names = ["workspaceId", "userId", "email"] as const;
  return names.every((name) => known[name] === undefined || merged[name] !== undefined);
}
