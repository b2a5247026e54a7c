import type { Operation } from "../operations.ts";
import type { Played } from "../played.ts";
import type { Grant, RefreshToken } from "../world/grants.ts";

/** Whether a token was ever really stored, under any key. */
export function wasStored({ keyring }: Played, token: RefreshToken | undefined): boolean {
  if (!token) return false;
  return [...keyring.history.values()].some((texts) => texts.some((text) => text?.includes(token.value)));
}

/** The grants of the sign-ins of the same person that had ended before an operation began. */
export function grantsBefore({ issuer, operations }: Played, { person, startedAt }: Operation): Grant[] {
  return issuer.grants.all.filter((grant) => {
    const signIn = operations.all[grant.signIn - 1];
    return grant.person === person && signIn?.endedAt !== undefined && signIn.endedAt < startedAt;
  });
}

/**
 * Whether somebody can end a grant: nobody can if its newest token never arrived, or was lost with a window that had not
 * stored it.
 */
export function isReachable(played: Played, grant: Grant): boolean {
  const newest = grant.tokens.at(-1);
  if (newest?.receivedBy === undefined) return false;
  return wasStored(played, newest) || played.final.some(({ window }) => window === newest.receivedBy);
}
