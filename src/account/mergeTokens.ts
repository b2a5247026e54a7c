import { type Claims, mergeClaims, readClaims } from "../oauth/claims.ts";
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
  const tokens: T = { ...known, ...answered };
  const idToken = readClaims(tokens.idToken);
  const accessToken = readClaims(tokens.accessToken);
  for (const named of [idToken, accessToken]) {
    if (isOther(named?.workspaceId, claims.workspaceId) || isOther(named?.userId, claims.userId)) return undefined;
  }
  const merged = mergeClaims(idToken, accessToken);
  if (merged.workspaceId === claims.workspaceId) return { tokens, claims: merged };
  // An id_token that no longer names the ChatGPT workspace does not replace one that does.
  const { idToken: kept } = known;
  return { tokens: { ...tokens, idToken: kept }, claims: mergeClaims(readClaims(kept), accessToken) };
}

function isOther(named: string | undefined, known: string | undefined): boolean {
  return named !== undefined && known !== undefined && named !== known;
}
