import { setTimeout as delay } from "node:timers/promises";

/**
 * Milliseconds that VS Code, a browser or another program gets for a step on a busy computer. After this time a step
 * counts as failed; nothing waits for it otherwise, so a large one costs nothing.
 */
export const patience = 120_000;

/**
 * Repeats `assertion` until it passes and returns its result.
 * @param limit milliseconds after which the last failure is thrown
 */
export async function eventually<T>(assertion: () => T | Promise<T>, limit = 10_000, interval = 50): Promise<T> {
  const deadline = performance.now() + limit;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await delay(interval);
    }
  }
}

/** Settles as `promise` does, or rejects with `what` after `limit` milliseconds. */
export async function within<T>(limit: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
