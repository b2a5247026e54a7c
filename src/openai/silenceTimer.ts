import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";

/** As Codex itself: a connection on which nothing comes for this long is ended. */
export const silenceLimitMs = 300_000;

/** Calls back when nothing has come for 5 minutes. One timer, not one for each piece of an answer. */
export class SilenceTimer {
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  /** ms by the clock that nobody can set */
  #lastReset: number;
  #timer: Disposable;

  constructor(clock: Clock, onSilence: () => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
    this.#lastReset = clock.elapsed();
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
    const leftMs = this.#lastReset + silenceLimitMs - this.#clock.elapsed();
    if (leftMs <= 0) this.#onSilence();
    else this.#timer = this.#clock.after(leftMs, this.#check);
  };
}
