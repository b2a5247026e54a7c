import type { Entry } from "./state.ts";

/** Access tokens are refreshed this long before they expire, ms. */
const marginMs = 5 * 60_000;
/** The issuer may invalidate tokens that are refreshed just after they were issued (openai/codex issue 40541), ms. */
export const settleMs = 60_000;
/** How long a token is used that does not say when it expires, ms. */
const blindLifetimeMs = 8 * 24 * 60 * 60_000;

/**
 * When an account's access token is due to be refreshed: ms since 1970 by the local clock.
 * @param clockOffset the issuer's clock minus ours, ms
 */
export function refreshDueAt(
  { credential, claims }: Pick<Entry, "credential" | "claims">,
  clockOffset = credential.clockOffset,
): number {
  if (claims.expiresAt === undefined) return credential.receivedAt + blindLifetimeMs;
  const expiresAt = claims.expiresAt - clockOffset;
  const settled = credential.receivedAt + settleMs;
  // A token that lives shorter than it takes to settle is used until it expires.
  return Math.max(expiresAt - marginMs, Math.min(settled, expiresAt));
}
