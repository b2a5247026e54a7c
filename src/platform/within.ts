/**
 * What some work resolves with, unless it takes longer than `ms`.
 * @param late makes the error of work that takes longer; the work itself goes on
 */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    // After a busy moment, or a sleep of the computer, an answer may have come that was not handled yet.
    timer = setTimeout(() => setImmediate(() => reject(late())), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
