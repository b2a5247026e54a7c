import type { Disposable } from "./disposables.ts";

/** The time and timers. A test passes its own and moves the time on itself. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `ms` milliseconds. Does not keep the process alive. */
  after(ms: number, callback: () => void): Disposable;
}

/** setTimeout counts in 32 bits: a longer delay fires at once. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), longestDelayMs));
    timer.unref();
    return { dispose: () => clearTimeout(timer) };
  },
};

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted before. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.dispose();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
