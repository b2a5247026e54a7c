import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";

const batchCharacters = 256;
const batchMs = 8;

/**
 * Joins many small pieces of text into few reports: the first at once, then whenever 256 characters have come or 8 ms
 * have passed. A report costs the editor a message between processes; a person cannot see 8 ms.
 */
export class TextBatch {
  readonly #report: (text: string) => void;
  readonly #clock: Clock;
  #pending = "";
  #isFirst = true;
  #timer: Disposable | undefined;

  constructor(clock: Clock, report: (text: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  add(text: string): void {
    if (text === "") return;
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#report(text);
      return;
    }
    this.#pending += text;
    if (this.#pending.length >= batchCharacters) this.flush();
    // A timer that is already running is left: it can only report sooner.
    else this.#timer ??= this.#clock.after(batchMs, this.#onTimer);
  }

  /** Reports what is pending, so that whatever comes next stays in order. */
  flush(): void {
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#report(text);
  }

  /** Ends the timer; what is pending is dropped. */
  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#pending = "";
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.flush();
  };
}
