import { longestStepMs } from "./awakeTime.ts";

/** A call did not answer in time. It may still do what it was asked for. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly code = "ETIMEDOUT";
}

/**
 * Settles as `work` does, unless that takes longer than `ms`; the work itself then goes on. A sleep of the computer counts
 * for a second at most.
 * @param late makes the error of work that takes longer; called only then
 * @throws NoAnswer, or what `late` makes
 */
export function withinAwake<T>(ms: number, work: Promise<T>, late: () => Error = () => new NoAnswer()): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    let isSettled = false;
    const giveUp = () => {
      if (!isSettled) reject(late());
    };
    const wait = (leftMs: number) => {
      const stepMs = Math.min(leftMs, longestStepMs);
      timer = setTimeout(() => {
        if (leftMs > stepMs) wait(leftMs - stepMs);
        // After a busy moment an answer may have come that was not handled yet.
        else setImmediate(giveUp);
      }, stepMs);
    };
    wait(ms);
    const settle = () => {
      isSettled = true;
      clearTimeout(timer);
    };
    work.finally(settle).then(resolve, reject);
  });
}
