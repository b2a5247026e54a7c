import { NoAnswer, withinAwake } from "./timeLimit.ts";

/**
 * Calls of the file system that all end. Each that does not answer, as on a network drive that has gone, occupies one of
 * the few threads of the process. So while one has not answered in time, no other is made: they reject at once.
 */
export class CallLimit {
  readonly #answerMs: number;
  #unanswered = 0;

  /** @param answerMs how long a call may take, ms */
  constructor(answerMs: number) {
    this.#answerMs = answerMs;
  }

  /**
   * @param undo what to do when the call succeeds after nobody waits for it any more
   * @throws what the call rejects with; NoAnswer
   */
  async run<T>(call: () => Promise<T>, undo?: () => Promise<void>): Promise<T> {
    if (this.#unanswered > 0) throw new NoAnswer();
    const answer = call();
    try {
      return await withinAwake(this.#answerMs, answer);
    } catch (error) {
      if (error instanceof NoAnswer) this.#await(answer, undo);
      throw error;
    }
  }

  #await(answer: Promise<unknown>, undo: (() => Promise<void>) | undefined): void {
    this.#unanswered += 1;
    const settle = () => {
      this.#unanswered -= 1;
    };
    answer
      .finally(settle)
      .then(undo)
      .catch(() => {});
  }
}
