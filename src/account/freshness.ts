import type { Entry } from "./state.ts";

/** Access tokens are renewed this long before they expire (protocol.md section 4). */
const marginMs = 5 * 60_000;
/** The issuer may invalidate tokens that are renewed just after they were issued (protocol.md section 4, #40541). */
export const settleMs = 60_000;
/** Where the token does not say when it expires. */
const blindLifetimeMs = 8 * 24 * 60 * 60_000;

/** When an account's access token is due to be renewed: ms since 1970 by the local clock. */
export function refreshDueAt({ credential, account }: Entry): number {
  const { accessTokenExpiresAt } = account;
  if (accessTokenExpiresAt === undefined) return credential.receivedAt + blindLifetimeMs;
  const settled = credential.receivedAt + settleMs;
  // A token that lives shorter than it takes to settle is used up to its end.
  return Math.max(accessTokenExpiresAt - marginMs, Math.min(settled, accessTokenExpiresAt));
}
