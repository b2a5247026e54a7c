import type { Lock } from "../platform/lock.ts";
import type { Logger } from "../platform/logger.ts";
import { isProblem } from "../shared/problem.ts";

/** Locks whose work is done, and which are being released: for a shutdown. */
export type Releases = Set<Promise<void>>;

export interface HoldUnlessStuckOptions {
  log: Logger;
  releases: Releases;
  /** How long to wait for whoever holds the lock, ms; by default that of the lock. */
  patienceMs?: number | undefined;
}

/**
 * Does some work under a lock, or without it when whoever holds it does not let go: for a sign-in, whose tokens would be
 * lost otherwise. The caller does not wait until the lock is released.
 */
export function holdUnlessStuck(
  lock: Lock,
  name: string,
  work: () => Promise<void>,
  { log, releases, patienceMs }: HoldUnlessStuckOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const held = hold(lock, name, async () => resolve(await work()), { log, patienceMs }).catch(reject);
  const release = held.finally(() => releases.delete(release));
  releases.add(release);
  return promise;
}

async function hold(
  lock: Lock,
  name: string,
  work: () => Promise<void>,
  options: Omit<HoldUnlessStuckOptions, "releases">,
): Promise<void> {
  let isHeld = false;
  try {
    const run = () => {
      isHeld = true;
      return work();
    };
    await lock.hold(name, run, { patienceMs: options.patienceMs });
  } catch (error) {
    if (isHeld || !isProblem(error, "busyElsewhere")) throw error;
    options.log.warn("Going on without a lock: its holder does not let go");
    await work();
  }
}
