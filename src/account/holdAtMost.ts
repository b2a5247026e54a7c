import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";

export interface HoldAtMostOptions {
  lock: Lock;
  clock: Clock;
  /** How long to wait for the lock, ms. */
  patienceMs: number;
}

/**
 * Does some work under a lock, or without it when it is not to be had in time: for work that must be done in any case and
 * is only better when nobody else is at it. The work runs once.
 */
export function holdAtMost<T>(
  name: string,
  { lock, clock, patienceMs }: HoldAtMostOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let running: Promise<T> | undefined;
  const run = () => {
    running ??= work();
    return running;
  };
  const goOn = () => void run().then(resolve, reject);
  const limit = clock.after(patienceMs, goOn);
  const runUnderLock = () => {
    limit.dispose();
    return run();
  };
  // A lock that comes too late is held until the work that has begun without it is done.
  lock.hold(name, runUnderLock).then(resolve, goOn);
  return promise.finally(() => limit.dispose());
}
