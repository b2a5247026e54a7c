import type { Operation } from "../operations.ts";
import type { Played } from "../played.ts";
import type { Finding } from "../rules.ts";
import type { Grant, RefreshToken } from "../world/grants.ts";
import { accountOf, grantsBefore, isReachable, listCallOf, wasStored } from "./grants.ts";

/** What people were told that was not so. */
export function wordsAreTrue(played: Played): Finding[] {
  return played.operations.all.flatMap((operation) => wordsOf(played, operation));
}

function wordsOf(played: Played, operation: Operation): Finding[] {
  const { kind, outcome } = operation;
  if (kind === "signIn" && outcome === "failed") return failedSignIn(played, operation);
  if (kind === "use" && outcome === "done") return usedToken(played, operation);
  if (kind === "signOut" && outcome === "done") return signedOut(played, operation);
  return [];
}

/**
 * How long it may take until a token that is not revoked at once is stored, ms: the issuer, the keyring and another window
 * may each take their time. And where the keyring refuses: then it is tried again after a while.
 */
const longestNotingMs = { once: 60_000, refused: 400_000 };

/** “Cancelled” and “failed” mean that nothing of the sign-in lives on. */
function failedSignIn(played: Played, operation: Operation): Finding[] {
  const { number, problem } = operation;
  return (
    played.issuer.grants.all
      .filter((grant) => grant.signIn === number && !grant.ended)
      // Nobody has heard of a grant whose answer was lost.
      .filter(({ tokens }) => tokens.at(-1)?.receivedBy !== undefined)
      .filter((grant) => !wentWithWindow(played, operation, grant))
      .map(({ id }) => ({
        rule: "wordsAreTrue",
        what: `sign-in ${number} was said to have failed (${problem}), but its grant ${id} lives on`,
      }))
  );
}

/**
 * Whether a token that nobody had stored went with its window: one that was killed while it was still revoking or storing
 * it, or closed when the keyring had not let it be stored.
 */
function wentWithWindow(played: Played, { endedAt = 0 }: Operation, grant: Grant): boolean {
  const newest = grant.tokens.at(-1);
  if (wasStored(played, newest)) return false;
  const window = [...played.world.processes.values()].find(({ name }) => name === newest?.receivedBy);
  if (window?.endedAt === undefined) return false;
  const passedMs = window.endedAt - endedAt;
  const isKilled = window.fuse !== undefined && window.fuse < 0;
  const isRefused = (call: string) => call.startsWith(`${window.name} `) && listCallOf(grant).test(call);
  if (isKilled && passedMs <= longestNotingMs.once) return true;
  return passedMs <= longestNotingMs.refused && Object.keys(played.hits).some(isRefused);
}

function usedToken({ world }: Played, { number, said }: Operation): Finding[] {
  if (said === "token") return [];
  // A clock that was moved while no window was open can make any token look fresh.
  if (said?.startsWith("expired") && world.jumped !== 0) return [];
  return [{ rule: "wordsAreTrue", what: `use ${number} got an ${said}` }];
}

/** “Revoked” and “deleted” mean that nothing that the person had when they signed out lives on, or is stored. */
function signedOut(played: Played, signOut: Operation): Finding[] {
  const { number, said = "", endedAt, stored = [] } = signOut;
  if (endedAt === undefined) return [];
  const before = grantsBefore(played, signOut).filter(
    (grant) => !isHeldBack(played, signOut, grant) && !isUnguarded(played, signOut, grant),
  );
  const living = before.filter((grant) => (grant.ended?.at ?? Number.POSITIVE_INFINITY) > endedAt);
  const isKept = (token: RefreshToken) => hadBefore(token, signOut) && stored.includes(token.value);
  const kept = before
    .filter(({ tokens }) => tokens.some(isKept))
    .filter((grant) => !isNotedMeanwhile(played, signOut, grant) && !isStoredAgain(played, signOut, grant));
  return [
    ...(said.includes("revoked") ? living.filter((grant) => isReachable(played, grant)) : []),
    ...(said === "revoked and deleted" ? kept : []),
  ].map(({ id }) => ({ rule: "wordsAreTrue", what: `sign-out ${number} said “${said}”, but grant ${id} lived on` }));
}

/**
 * Whether the person had a token when they signed out. One that a refresh brought meanwhile is revoked when that hears of
 * the sign-out, and noted where that fails.
 */
function hadBefore({ grant, value }: RefreshToken, { startedAt }: Operation): boolean {
  const before = grant.tokens[grant.tokens.findIndex((token) => token.value === value) - 1];
  return (before?.spent?.at ?? Number.NEGATIVE_INFINITY) < startedAt;
}

/** The grant is over, and was noted as one to be revoked by a sign-in of the same account while the sign-out went on. */
function isNotedMeanwhile({ operations }: Played, { person, endedAt = 0 }: Operation, { ended }: Grant): boolean {
  return (
    ended !== undefined &&
    ended.at <= endedAt &&
    operations.all.some(
      (one) =>
        one.kind === "signIn" &&
        one.person === person &&
        one.startedAt <= endedAt &&
        !(one.endedAt && one.endedAt < ended.at),
    )
  );
}

/**
 * The files of locks failed or vanished, so whoever signs out cannot wait for another window that just refreshes: that
 * revokes the new token itself, or notes it.
 */
function isUnguarded({ folder }: Played, signOut: Operation, { tokens }: Grant): boolean {
  const newest = tokens.at(-1);
  const isMeanwhile = newest && newest.receivedBy !== signOut.window && !hadBefore(newest, signOut);
  return isMeanwhile === true && [...folder.trouble.keys()].some((name) => name.endsWith(".lock"));
}

/**
 * The grant was over, and another window that could not have the account's lock stored its record again meanwhile:
 * nobody can use its token.
 */
function isStoredAgain({ folder }: Played, { window, endedAt = 0 }: Operation, { ended, tokens }: Grant): boolean {
  const isOver = ended !== undefined && ended.at <= endedAt;
  const isOthers = tokens.at(-1)?.receivedBy !== window;
  return isOver && isOthers && [...folder.trouble.keys()].some((name) => name.endsWith(".lock"));
}

/**
 * The keyring holds back what another window stores of the grant, or notes of it to be revoked, so nobody who signs out can
 * know of it yet.
 */
function isHeldBack({ hits }: Played, { window }: Operation, grant: Grant): boolean {
  const holder = grant.tokens.at(-1)?.receivedBy;
  const isLate = ([call, kind]: [string, string]) =>
    call.startsWith(`${holder} store credential.${accountOf(grant).slice(0, 4)} `) &&
    ["writeLate", "writeHangs", "writeHangsDone"].includes(kind);
  const isNotNoted = ([call]: [string, string]) => listCallOf(grant).test(call) && !call.startsWith(`${window} `);
  return Object.entries(hits).some((hit) => isNotNoted(hit) || (holder !== window && isLate(hit)));
}
