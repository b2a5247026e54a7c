import { longestStepMs } from "./awakeTime.ts";

/** A call did not answer in time. It may still do what it was asked for. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly code = "ETIMEDOUT";
}

/**
 * Settles as `work` does. A sleep of the computer counts for a second at most.
 * @throws NoAnswer when that takes longer than `ms`
 */
export function withinAwake<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const stepMs = Math.min(leftMs, longestStepMs);
      timer = setTimeout(() => {
        if (leftMs > stepMs) wait(leftMs - stepMs);
        // After a busy moment an answer may have come that was not handled yet.
        else setImmediate(() => reject(new NoAnswer()));
      }, stepMs);
    };
    wait(ms);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
