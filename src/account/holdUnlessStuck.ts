import type { Lock } from "../platform/lock.ts";
import type { Logger } from "../platform/logger.ts";
import { isProblem } from "../shared/problem.ts";

/**
 * Does some work under a lock, or without it when whoever holds it does not let go: for a sign-in, whose tokens would be
 * lost otherwise.
 */
export async function holdUnlessStuck(lock: Lock, name: string, work: () => Promise<void>, log: Logger): Promise<void> {
  let isHeld = false;
  try {
    await lock.hold(name, () => {
      isHeld = true;
      return work();
    });
  } catch (error) {
    if (isHeld || !isProblem(error, "busyElsewhere")) throw error;
    log.warn("Going on without a lock: its holder does not let go");
    await work();
  }
}
