import type { Claims } from "../oauth/claims.ts";
import { shownName } from "../shared/shownText.ts";
import { type Credential, claimsOf, maskKey } from "./credential.ts";

/** An account without its secrets, for anything that shows it. Times are ms since 1970 by the local clock. */
export interface Account {
  readonly id: string;
  readonly origin: Credential["origin"];
  /** Email and plan as they may be shown. */
  readonly email: string | undefined;
  readonly plan: string | undefined;
  /** The ChatGPT workspace. */
  readonly workspaceId: string | undefined;
  readonly fedramp: boolean;
  readonly needsPlatformSetup: boolean;
  readonly issuer: string;
  readonly accessTokenExpiresAt: number | undefined;
  readonly signedInAt: number;
  readonly lastRefreshAt: number | undefined;
  readonly derivedKey:
    | { status: "present"; masked: string; createdAt: number }
    | { status: "absent"; why: "pending" | "noOrganization" | "refused" | "unreachable" };
  /** Why the issuer no longer refreshes its tokens. */
  readonly rejected: Credential["rejected"];
}

/** What is wrong with what is stored. */
export type StorageNotice = "corrupt" | "newer" | "notKept";

/** Who is signed in. Each change makes a new object. */
export interface AccountsState {
  readonly accounts: readonly Account[];
  readonly active: Account | undefined;
  readonly notice: StorageNotice | undefined;
  /**
   * Accounts that are signed in and whose records the keyring did not give out, so that nothing else is known of them;
   * `all` where not even the index could be read. Missing where there are none.
   */
  readonly unread?: readonly string[] | "all";
}

/** Whether an account is signed in, or may be: its record could not be read. */
export function mayBeSignedIn({ accounts, unread = [] }: AccountsState, id: string): boolean {
  return accounts.some((account) => account.id === id) || unread === "all" || unread.includes(id);
}

export const signedOut: AccountsState = { accounts: [], active: undefined, notice: undefined };

/** A record, with the claims of its tokens and the account that it shows. */
export interface Entry {
  readonly credential: Credential;
  readonly claims: Claims;
  readonly account: Account;
}

export function createEntry(credential: Credential): Entry {
  const claims = claimsOf(credential.tokens);
  const { derivedKey } = credential;
  return {
    credential,
    claims,
    account: {
      id: credential.id,
      origin: credential.origin,
      email: shownName(claims.email),
      plan: shownName(claims.plan),
      workspaceId: claims.workspaceId,
      fedramp: claims.fedramp,
      needsPlatformSetup: claims.needsPlatformSetup,
      issuer: credential.issuer,
      accessTokenExpiresAt: claims.expiresAt === undefined ? undefined : claims.expiresAt - credential.clockOffset,
      signedInAt: credential.signedInAt,
      lastRefreshAt: credential.lastRefreshAt,
      derivedKey:
        derivedKey.status === "present"
          ? { status: "present", masked: maskKey(derivedKey.key), createdAt: derivedKey.createdAt }
          : derivedKey,
      rejected: credential.rejected,
    },
  };
}
