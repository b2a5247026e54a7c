import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";

const foldCharacters = 256;
const foldMs = 8;

/**
 * Folds many small pieces of text into few reports: the first at once, then whenever 256 characters are together or
 * 8 ms have passed. A report costs the editor a message between processes; a person cannot see 8 ms.
 */
export class TextBatch {
  readonly #report: (text: string) => void;
  readonly #clock: Clock;
  #held = "";
  #first = true;
  #timer: Disposable | undefined;

  constructor(clock: Clock, report: (text: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  add(text: string): void {
    if (text === "") return;
    if (this.#first) {
      this.#first = false;
      this.#report(text);
      return;
    }
    this.#held += text;
    if (this.#held.length >= foldCharacters) this.flush();
    // A timer that is already running is left: it can only report sooner.
    else this.#timer ??= this.#clock.after(foldMs, this.#onTimer);
  }

  /** Reports what is held, so that whatever comes next stays in order. */
  flush(): void {
    if (this.#held === "") return;
    const text = this.#held;
    this.#held = "";
    this.#report(text);
  }

  /** Ends the timer; what is still held is dropped unless it was flushed. */
  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#held = "";
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.flush();
  };
}
