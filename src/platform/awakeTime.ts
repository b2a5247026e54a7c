/** The most that counts of the time between two looks, ms: while a computer sleeps, nobody does anything. */
export const longestStepMs = 1_000;

/**
 * Measures time by looking again and again. A sleep of the computer counts for a second at most, and a correction of its
 * clock for nothing.
 */
export class AwakeTime {
  #lookedAt = performance.now();

  /** The time since this was last asked, or since the beginning; ms. */
  passed(): number {
    const now = performance.now();
    const passedMs = Math.min(now - this.#lookedAt, longestStepMs);
    this.#lookedAt = now;
    return passedMs;
  }
}
