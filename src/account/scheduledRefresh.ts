import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { isProblem } from "../shared/problem.ts";
import type { Accounts } from "./accounts.ts";
import type { CredentialSource } from "./credentialSource.ts";
import { refreshDueAt } from "./freshness.ts";

/** After a refresh that failed, ms. */
const retryMs = 5 * 60_000;
/** Windows whose timers are set for the same token spread out: the first one refreshes it for all. */
const spreadMs = 3_000;

export interface ScheduledRefreshDependencies {
  accounts: Accounts;
  source: CredentialSource;
  clock: Clock;
  log: Logger;
}

/**
 * Refreshes the active account's tokens when they are due, so that requests hardly ever wait for it. Has one timer, set
 * for that time, and none while signed out.
 */
export function scheduleRefresh({ accounts, source, clock, log }: ScheduledRefreshDependencies): Disposable {
  let timer: Disposable | undefined;
  let scheduled: unknown;
  let disposed = false;
  const refreshAt = (time: number) => {
    timer?.dispose();
    timer = clock.after(time - clock.now() + Math.random() * spreadMs, () => void refresh());
  };
  const refresh = async () => {
    try {
      await source.get("chatgpt");
    } catch (error) {
      log.info(`The ChatGPT credential was not refreshed: ${describeError(error)}`);
      if (isProblem(error, "needsSignIn", "notSignedIn")) return;
    }
    scheduled = undefined;
    schedule(clock.now() + retryMs);
  };
  const schedule = (notBefore = 0) => {
    const entry = accounts.entry();
    if (disposed || entry === scheduled) return;
    scheduled = entry;
    timer?.dispose();
    timer = undefined;
    if (entry && !entry.account.rejected) {
      const due = refreshDueAt(entry);
      refreshAt(due <= clock.now() ? Math.max(due, notBefore) : due);
    }
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
