import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";

/** As Codex itself: a connection on which nothing comes for this long is ended. */
export const silenceLimitMs = 300_000;
/** What still comes after this long has no end. */
export const answerLimitMs = 60 * 60_000;

/**
 * Calls back when nothing has come for 5 minutes, or when something still comes after an hour. One timer, not one for
 * each piece of an answer.
 */
export class SilenceTimer {
  readonly #clock: Clock;
  readonly #onLimit: (limit: "silent" | "endless") => void;
  /** Both in ms by the clock that nobody can set. */
  readonly #end: number;
  #lastReset: number;
  #timer: Disposable;

  constructor(clock: Clock, onLimit: (limit: "silent" | "endless") => void) {
    this.#clock = clock;
    this.#onLimit = onLimit;
    this.#lastReset = clock.elapsed();
    this.#end = this.#lastReset + answerLimitMs;
    this.#timer = clock.after(silenceLimitMs, this.#check);
  }

  /** Something has come. */
  reset(): void {
    this.#lastReset = this.#clock.elapsed();
  }

  dispose(): void {
    this.#timer.dispose();
  }

  readonly #check = (): void => {
    const now = this.#clock.elapsed();
    const untilSilent = this.#lastReset + silenceLimitMs - now;
    const untilEnd = this.#end - now;
    if (untilSilent <= 0) this.#onLimit("silent");
    else if (untilEnd <= 0) this.#onLimit("endless");
    else this.#timer = this.#clock.after(Math.min(untilSilent, untilEnd), this.#check);
  };
}
