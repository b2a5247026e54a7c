import type { TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import type { Problem } from "../shared/problem.ts";
import type { Credential, HeldCredential, Origin } from "./credential.ts";

/** What a refresh brought; tokens that it left out stay valid. */
export interface RefreshedTokens<C extends Credential> {
  /** Set when the access token was not refreshed all the same. What came is kept, as the old refresh token is used up. */
  readonly failure?: Problem;
  readonly tokens: Partial<C["tokens"]>;
  /** When they were asked for, ms since 1970 by the local clock. */
  readonly askedAt?: number;
  /** The `Date` header of the answer, if it came by HTTP. */
  readonly date?: string | undefined;
}

/** Gets new tokens for credentials of one origin. */
export interface TokenRefresher<C extends Credential> {
  /**
   * Called with the lock over the account held, for a credential as it is stored.
   * @throws RefreshRejected when the login has ended, anything else for what may pass
   */
  refresh(credential: C): Promise<RefreshedTokens<C>>;
}

/** A refresher for each origin. */
export type TokenRefreshers = {
  readonly [O in Origin]: TokenRefresher<Extract<Credential, { origin: O }>>;
};

/** Gives the refresh token that is kept here to its issuer. */
export function createIssuerRefresher(
  tokenEndpoint: (issuer: string) => TokenEndpoint,
): TokenRefresher<HeldCredential> {
  return { refresh: ({ issuer, tokens }) => tokenEndpoint(issuer).refresh(tokens.refreshToken) };
}
