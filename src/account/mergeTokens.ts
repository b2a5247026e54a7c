import { type Claims, mergeClaims, readClaims } from "../oauth/claims.ts";
import type { TokenSet } from "../oauth/tokenEndpoint.ts";
import type { Entry } from "./state.ts";

/**
 * An account's tokens with what a refresh brought in their place, and what they say; what it left out stays valid.
 * Undefined when a token of the answer is another account's.
 */
export function mergeTokens(
  { credential, claims }: Entry,
  answered: Partial<TokenSet>,
): { tokens: TokenSet; claims: Claims } | undefined {
  const tokens = { ...credential.tokens, ...answered };
  const idToken = readClaims(tokens.idToken);
  const accessToken = readClaims(tokens.accessToken);
  for (const named of [idToken, accessToken]) {
    if (isOther(named?.accountId, claims.accountId) || isOther(named?.userId, claims.userId)) return undefined;
  }
  const merged = mergeClaims(idToken, accessToken);
  if (merged.accountId === claims.accountId) return { tokens, claims: merged };
  // An id_token that no longer says whose it is takes nothing away from what is known.
  const kept = credential.tokens.idToken;
  return { tokens: { ...tokens, idToken: kept }, claims: mergeClaims(readClaims(kept), accessToken) };
}

function isOther(named: string | undefined, known: string | undefined): boolean {
  return named !== undefined && known !== undefined && named !== known;
}
