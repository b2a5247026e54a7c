import {
  accountIdOf,
  type CodexLink,
  type Credential,
  claimsOf,
  type HeldCredential,
  type LinkedCredential,
  type LoginTokens,
} from "../../account/credential.ts";
import { linkedTokens } from "../login.ts";

/** The record of an account while it is being handed off: it still has the refresh token. */
export type PendingHandOff = HeldCredential & { readonly handOff: NonNullable<HeldCredential["handOff"]> };

/** Whether a hand-off of this account has begun and is not settled yet. */
export function isPending(credential: Credential): credential is PendingHandOff {
  return credential.handOff !== undefined;
}

/** The record of an account that stays ours after all. */
export function withoutHandOff({ handOff: _ended, ...credential }: PendingHandOff): HeldCredential {
  return credential;
}

/** The record of a login that is the Codex CLI's from now on: without the refresh token. */
export function linkedRecord(
  pending: PendingHandOff,
  tokens: LoginTokens,
  store: CodexLink["store"],
  now: number,
): LinkedCredential {
  const { handOff, ...before } = pending;
  const isRefreshed = tokens.accessToken !== before.tokens.accessToken;
  return {
    ...before,
    origin: "linked",
    tokens: linkedTokens(tokens),
    link: { codexHome: handOff.codexHome, store, refreshHere: false },
    // It counts as a newer record even without new tokens, because the owner is another one.
    sequence: before.sequence + 1,
    ...(isRefreshed && { receivedAt: now, lastRefreshAt: now }),
  };
}

/** Whether tokens are what a refresh of the login that is handed off has brought: not issued before ours. */
export function isSuccessor(tokens: LoginTokens, { id, issuer, tokens: ours }: PendingHandOff): boolean {
  const claims = claimsOf(linkedTokens(tokens));
  if (accountIdOf(issuer, claims) !== id) return false;
  const issuedAt = claimsOf(ours).issuedAt;
  return claims.issuedAt === undefined || issuedAt === undefined || claims.issuedAt >= issuedAt;
}
