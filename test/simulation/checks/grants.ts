import { accountIdOf } from "../../../src/account/credential.ts";
import type { Operation } from "../operations.ts";
import type { Played } from "../played.ts";
import type { Grant, RefreshToken } from "../world/grants.ts";
import { issuerUrl } from "../world/issuer.ts";

/** The id of a person's account. */
export function accountOf({ person }: Pick<Grant, "person">): string {
  const ids = { userId: `user-${person}`, workspaceId: `workspace-${person}` };
  return accountIdOf(issuerUrl, { ...ids, fedramp: false, needsPlatformSetup: false });
}

/** A call for the list of an account's tokens that are to be revoked, as faults are named. */
export function listCallOf(grant: Pick<Grant, "person">): RegExp {
  return new RegExp(` (get|store) replaced\\.${accountOf(grant).slice(0, 4)} `);
}

/** Whether a token was ever really stored, under any key. */
export function wasStored({ keyring, folder }: Played, token: RefreshToken | undefined): boolean {
  if (!token) return false;
  const histories: readonly (readonly (string | undefined)[])[] = [
    ...keyring.history.values(),
    ...folder.history.values(),
  ];
  return histories.some((texts) => texts.some((text) => text?.includes(token.value)));
}

/** Whether a grant is this extension's alone: of a sign-in here, and never in the file of the Codex CLI. */
export function isOurs({ operations, folder }: Played, { signIn, tokens }: Grant): boolean {
  if (operations.all[signIn - 1]?.kind !== "signIn") return false;
  const texts = [...folder.history.values()].flat();
  return !tokens.some(({ value }) => texts.some((text) => text.includes(value)));
}

/** The grants of the sign-ins here of the same person that had ended before an operation began. */
export function grantsBefore(played: Played, { person, startedAt }: Operation): Grant[] {
  const { issuer, operations } = played;
  return issuer.grants.all.filter((grant) => {
    const signIn = operations.all[grant.signIn - 1];
    return (
      grant.person === person && isOurs(played, grant) && signIn?.endedAt !== undefined && signIn.endedAt < startedAt
    );
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
