import type { Played } from "../played.ts";
import type { Finding } from "../rules.ts";
import type { Grant, Reuse } from "../world/grants.ts";
import { wasStored } from "./grants.ts";

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
  // The files of the lock and of the note failed or vanished: nothing tells the windows of each other.
  return [...played.folder.trouble.keys()].some((name) => name.startsWith("rotation-"));
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
