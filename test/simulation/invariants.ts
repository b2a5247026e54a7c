import { accountsAreRight } from "./checks/accounts.ts";
import { codexIsRight } from "./checks/codex.ts";
import { refreshesAreSingle } from "./checks/refreshes.ts";
import { windowsKeepAccounts } from "./checks/shown.ts";
import { wordsAreTrue } from "./checks/words.ts";
import type { Played } from "./played.ts";
import type { Finding } from "./rules.ts";
import { EndlessActivity } from "./world/world.ts";

const minute = 60_000;
/** How long each operation may take, ms. A person has ten minutes to sign in, or fifteen with a device code. */
const limits = {
  ...{ load: 3, use: 5, refresh: 5, switch: 4, signOut: 6, signIn: 22 },
  ...{ link: 5, copy: 5, handOff: 8, cliSignIn: 22, cliSignOut: 5, cliUse: 5 },
} as const;

/** What was wrong with a story that was played. */
export function violations(played: Played): Finding[] {
  return [
    ...quiet(played),
    ...callsEnd(played),
    ...(played.isEndless || isUnseen(played)
      ? []
      : [
          ...accountsAreRight(played),
          ...windowsKeepAccounts(played),
          ...refreshesAreSingle(played),
          ...wordsAreTrue(played),
          ...codexIsRight(played),
        ]),
  ];
}

/** In a browser, nothing but the marks in the shared folder tells a window what others have changed. */
function isUnseen({ isBrowser, folder }: Played): boolean {
  return (
    isBrowser && [...folder.trouble.keys()].some((name) => name.startsWith("storage-") || name === "globalStorage")
  );
}

function callsEnd({ operations, world }: Played): Finding[] {
  return operations.all.flatMap(({ kind, startedAt, endedAt, number, window, outcome }) => {
    const lasted = ((endedAt ?? world.now) - startedAt) / minute;
    if (lasted <= limits[kind]) return [];
    const how = endedAt === undefined || outcome === "killed" ? "has not ended after" : "took";
    return [{ rule: "callsEnd", what: `${kind} in ${window} (${number}) ${how} ${lasted.toFixed(1)} min` }];
  });
}

/** The most that is written in three quiet hours: tokens are refreshed once in 55 minutes. */
const mostQuietWrites = 80;

function quiet({ world, isEndless, quietWrites }: Played): Finding[] {
  const findings: Finding[] = world.unhandled.map((reason) => ({
    rule: "quiet",
    what: `unhandled: ${reason instanceof Error ? `${reason.name} ${reason.message}` : String(reason)}`,
  }));
  if (isEndless) findings.push({ rule: "quiet", what: new EndlessActivity().name });
  if (quietWrites > mostQuietWrites) findings.push({ rule: "quiet", what: `${quietWrites} writes in quiet hours` });
  return findings;
}
