import type { Played } from "../played.ts";
import type { Finding } from "../rules.ts";
import type { Reuse } from "../world/grants.ts";
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

function isExcused(played: Played, { token }: Reuse): boolean {
  const next = token.grant.tokens[token.grant.tokens.indexOf(token) + 1];
  // The answer was lost, or came to a window that had been killed: whether the token is used up only the issuer knows.
  if (next?.receivedBy === undefined) return true;
  // The answer was never stored: its window was killed, or the keyring lost it.
  if (!wasStored(played, next)) return true;
  // The files of the lock and of the note failed or vanished: nothing tells the windows of each other.
  return [...played.folder.trouble.keys()].some((name) => name.startsWith("rotation-"));
}
