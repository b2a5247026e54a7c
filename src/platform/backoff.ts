/**
 * How long to wait before the next try.
 * @param stepsMs the waits in order, in ms; the last one repeats
 * @param failures how many tries have failed since the last success, 1 or more
 * @returns ms
 */
export function backoff(stepsMs: readonly number[], failures: number): number {
  return stepsMs[Math.min(failures, stepsMs.length) - 1] ?? 0;
}
