import { isSignIn, type Operation } from "../operations.ts";
import type { Played, Shown } from "../played.ts";
import type { Finding } from "../rules.ts";

/** Accounts that disappeared from a window, or returned to it, by themselves. */
export function windowsKeepAccounts(played: Played): Finding[] {
  const byWindow = Map.groupBy(played.shown, ({ window }) => window);
  return [...byWindow.values()].flatMap((states) =>
    states.slice(1).flatMap((state, at) => changes(played, states[at] ?? state, state)),
  );
}

function changes(played: Played, before: Shown, { at, window, persons }: Shown): Finding[] {
  const gone = before.persons.filter((person) => !persons.includes(person) && !mayGo(played, person, at));
  const come = persons.filter((person) => !before.persons.includes(person) && !mayCome(played, window, person, at));
  const seconds = (at / 1000).toFixed(1);
  return [
    ...gone.map(
      (person): Finding => ({ rule: "indexIsKept", what: `${person} left ${window} at ${seconds} s by itself` }),
    ),
    ...come.map(
      (person): Finding => ({ rule: "indexIsKept", what: `${person} came to ${window} at ${seconds} s by itself` }),
    ),
  ];
}

/** Whether somebody signs the account out, or a sign-in of it is being undone, or windows have just heard of that. */
function mayGo({ operations, isBrowser }: Played, person: string, at: number): boolean {
  const isRecent = ({ endedAt = at }: Operation) => isBrowser || at <= endedAt + longestDelay;
  const own = operations.all.filter((one) => one.person === person && one.startedAt <= at && isRecent(one));
  return own.some((operation) => operation.kind === "signOut" || (isSignIn(operation) && operation.outcome !== "done"));
}

/**
 * Whether somebody signs in to the account, and did not sign out long before: windows hear of changes late, and in a
 * browser never.
 */
function mayCome(played: Played, window: string, person: string, at: number): boolean {
  const { operations, isBrowser } = played;
  const own = operations.all.filter((operation) => operation.person === person && operation.startedAt <= at);
  const openedAt = operations.all.find((operation) => operation.window === window)?.startedAt ?? at;
  const isUnheard = (out: Operation) => isBrowser && out.window !== window && (out.endedAt ?? at) > openedAt;
  const signOuts = own.filter((out) => out.kind === "signOut" && out.outcome === "done" && !isUnheard(out));
  const isOver = ({ endedAt }: Operation) =>
    endedAt !== undefined && signOuts.some((out) => out.startedAt > endedAt && (out.endedAt ?? at) + longestDelay < at);
  return own.some((operation) => isSignIn(operation) && !isOver(operation));
}

/** A window that has heard of nothing reads again when it gets the focus; the world tells it within this time, ms. */
const longestDelay = 10 * 60_000;
