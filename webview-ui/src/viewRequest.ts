/** Pauses between questions in milliseconds: each is twice the one before, up to the longest. */
const pause = { first: 250, longest: 8000 };

/** At this question, 7.75 s after the first, the panel says that it is still loading. */
const lateQuestion = 6;

/**
 * Asks for the view until it has come: a message between the page and the extension may be lost on either way while one
 * of them is being set up.
 */
export class ViewRequest {
  readonly #ask: () => void;
  readonly #onLate: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: () => void, onLate: () => void) {
    this.#ask = ask;
    this.#onLate = onLate;
  }

  /** Asks now, and again after each pause. */
  start(): void {
    this.stop();
    this.#next(pause.first, 1);
  }

  /** The view has come, or nobody waits for it. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(wait: number, question: number): void {
    this.#timer = setTimeout(() => this.#next(Math.min(wait * 2, pause.longest), question + 1), wait);
    if (question === lateQuestion) this.#onLate();
    try {
      this.#ask();
    } catch {
      // Not sent: the next question may be.
    }
  }
}
