import { describeError, type Logger } from "./logger.ts";

/**
 * Lets something happen that nobody waits for.
 * @param failure what the log says when it fails, such as “The answer could not be remembered”
 */
export function inBackground(work: PromiseLike<unknown>, log: Logger, failure: string): void {
  work.then(undefined, (error: unknown) => log.warn(`${failure}: ${describeError(error)}`));
}
