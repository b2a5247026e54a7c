import { fingerprintOf } from "../../../src/account/refreshNotes.ts";
import type { Played } from "../played.ts";
import type { Finding } from "../rules.ts";
import type { Grant, RefreshToken, Reuse } from "../world/grants.ts";
import { accountOf, wasStored } from "./grants.ts";

/** Refresh tokens that were sent again although they were used up. */
export function refreshesAreSingle(played: Played): Finding[] {
  return played.issuer.grants.reuses
    .filter((reuse) => !isExcused(played, reuse))
    .map(({ token, by }) => ({
      rule: "notSentTwice",
      what: `${by} sent token ${token.grant.tokens.indexOf(token) + 1} of grant ${token.grant.id}, which ${token.spent?.by} had spent`,
    }));
}

function isExcused(played: Played, { token, by }: Reuse): boolean {
  if (played.codex && isOfTheCli(played, token.grant, [by, token.spent?.by])) return true;
  const next = token.grant.tokens[token.grant.tokens.indexOf(token) + 1];
  // The answer was lost, or came to a window that had been killed: whether the token is used up only the issuer knows.
  if (next?.receivedBy === undefined) return true;
  // The answer was never stored: its window was killed, or the keyring lost it.
  if (!wasStored(played, next)) return true;
  const failed = [...played.folder.trouble.keys()];
  // The note failed or vanished, and the secret read as older: nothing tells that there is a newer token.
  if (failed.some((name) => name.startsWith(`rotation-${accountOf(token.grant)}-`))) return true;
  return isUnguarded(failed, token);
}

/**
 * The lock's files failed or vanished, and so did the claim on this very token: nothing tells windows of each other. The
 * mark in a lock has a name without the account.
 * @param failed the names of files of which a call failed, and of files that vanished
 */
function isUnguarded(failed: readonly string[], { value, grant }: RefreshToken): boolean {
  const isOfLock = (name: string) => name === `${accountOf(grant)}.lock` || /^\d+-[0-9a-f]{12}$/.test(name);
  const isOfClaim = (name: string) => name.startsWith("spending-") && name.includes(`-${fingerprintOf(value)}.`);
  return failed.some(isOfLock) && failed.some(isOfClaim);
}

/** Processes of the Codex CLI have used a token without the extension, or the person has copied it. */
function isOfTheCli(
  { operations, folder }: Played,
  { tokens }: Grant,
  senders: readonly (string | undefined)[],
): boolean {
  const copied = operations.all.filter(({ kind }) => kind === "copy").flatMap(({ stored = [] }) => stored);
  if (tokens.some(({ value }) => copied.includes(value))) return true;
  if (!senders.every((name) => name?.includes("cli"))) return false;
  // The lock that windows hold while they ask it knows nothing of a terminal, and can be lost.
  return (
    senders.some((name) => name?.startsWith("cli")) ||
    [...folder.trouble.keys()].some((name) => name.startsWith("codex-cli"))
  );
}
