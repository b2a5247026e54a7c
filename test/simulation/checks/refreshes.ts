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

/** How long it takes at most from reading the note to having written it, ms. */
const noteMs = 2_000;

function isExcused(played: Played, { token, at }: Reuse): boolean {
  const next = token.grant.tokens[token.grant.tokens.indexOf(token) + 1];
  // The answer was lost, or came to a window that had been killed: whether the token is used up only the issuer knows.
  if (next?.receivedBy === undefined) return true;
  // The answer was never stored: its window was killed, or the keyring lost it.
  if (!wasStored(played, next)) return true;
  // The files of the lock and of the note failed or vanished: nothing tells the windows of each other.
  if (isLockLost(played, token.spent?.at ?? at, at)) return true;
  return [...played.folder.trouble.keys()].some((name) => name.startsWith("rotation-"));
}

/** Two windows at the same moment had the lock that vanished, and neither could see the other's note yet. */
function isLockLost({ folder }: Played, spentAt: number, at: number): boolean {
  const isTogether = at - spentAt < noteMs;
  return isTogether && folder.lockLosses.some((lostAt) => lostAt > spentAt - noteMs && lostAt <= at);
}
