import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import type { CredentialSource } from "./credentialSource.ts";
import type { Entry } from "./state.ts";

/** After a refresh that failed, ms. */
const retryMs = 5 * 60_000;
/** Timers stand still while the computer sleeps, and know nothing of a clock that is set: so often it is looked at, ms. */
const lookAgainMs = 5 * 60_000;
/** Windows whose timers are set for the same token spread out: the first one refreshes it for all. */
const spreadMs = 3_000;

export interface ScheduledRefreshDependencies {
  accounts: Accounts;
  source: Pick<CredentialSource, "isDue" | "dueAt" | "get">;
  clock: Clock;
  log: Logger;
}

/**
 * Refreshes the active account's tokens when they are due, so that requests hardly ever wait for it. Has one timer, and
 * none while signed out.
 */
export function scheduleRefresh({ accounts, source, clock, log }: ScheduledRefreshDependencies): Disposable {
  let timer: Disposable | undefined;
  let scheduled: Entry | undefined;
  let disposed = false;
  /** @param notBefore ms by the clock that nobody can set */
  const setTimer = (entry: Entry, notBefore: number) => {
    timer?.dispose();
    const wait = Math.max(source.dueAt(entry) - clock.now(), notBefore - clock.elapsed(), 0);
    timer = clock.after(Math.min(wait, lookAgainMs) + Math.random() * spreadMs, () => look(entry, notBefore));
  };
  const look = (entry: Entry, notBefore: number) => {
    if (clock.elapsed() >= notBefore && source.isDue(entry)) void refresh();
    else setTimer(entry, notBefore);
  };
  const refresh = async () => {
    try {
      await source.get("chatgpt");
    } catch (error) {
      // An account that may not be used is asked about again, because the setting may change: that is no news.
      const isForbidden = isProblem(error, "accountNotAllowed", "allowedWorkspacesUnusable");
      if (!isForbidden) log.info(`The ChatGPT credential was not refreshed: ${describeError(error)}`);
      if (isProblem(error, "needsSignIn", "notSignedIn")) return;
    }
    scheduled = undefined;
    schedule(clock.elapsed() + retryMs);
  };
  const schedule = (notBefore = 0) => {
    const entry = accounts.entry();
    if (disposed || entry === scheduled) return;
    const wasRefreshed = isRefreshed(entry, scheduled);
    scheduled = entry;
    timer?.dispose();
    timer = undefined;
    if (entry && !entry.account.rejected)
      setTimer(entry, source.isDue(entry) ? Math.max(notBefore, wasRefreshed ? clock.elapsed() + retryMs : 0) : 0);
  };
  const subscription = accounts.onDidChange(() => schedule());
  schedule();
  return {
    dispose() {
      disposed = true;
      subscription.dispose();
      timer?.dispose();
    },
  };
}

/**
 * Whether the tokens have just been refreshed. If they are due all the same, the clock is wrong, and windows that refresh
 * at once what another one has refreshed would never come to an end.
 */
function isRefreshed(entry: Entry | undefined, before: Entry | undefined): boolean {
  if (!entry || !before || entry.account.id !== before.account.id) return false;
  return entry.credential.sequence > before.credential.sequence;
}
