import type { Disposable } from "./disposables.ts";

/** The time and timers. A test passes its own and moves the time on itself. */
export interface Clock {
  /** Milliseconds since 1970 by the computer's clock, which may be wrong, and may be put right at any time. */
  now(): number;
  /**
   * Milliseconds since some moment before, which nobody can set: for measuring how long something takes. It may stand
   * still while the computer sleeps.
   */
  elapsed(): number;
  /** Calls back once after `ms` milliseconds. Does not keep the process alive. */
  after(ms: number, callback: () => void): Disposable;
}

/** A moment, by what a clock said then. */
export interface Moment {
  readonly now: number;
  readonly elapsed: number;
}

/** This moment. */
export function momentBy(clock: Clock): Moment {
  return { now: clock.now(), elapsed: clock.elapsed() };
}

/**
 * How long ago a moment was, ms, for what grows old: a clock that was set back makes it no younger, and sleep counts. A
 * clock that was set forward makes it older.
 */
export function ageOf(moment: Moment, clock: Clock): number {
  return Math.max(clock.now() - moment.now, clock.elapsed() - moment.elapsed);
}

/** setTimeout counts in 32 bits: a longer delay fires at once. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
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

/** Waits for work whose outcome is read elsewhere, `ms` at most. @throws what the work throws; the signal's reason */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<void>, signal?: AbortSignal): Promise<void> {
  const limit = new AbortController();
  const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  const waited = delay(clock, ms, stop);
  waited.catch(() => {});
  try {
    await Promise.race([work, waited]);
  } finally {
    limit.abort();
  }
}
