// In place of `node:timers/promises` for the modules under test.

/** Resolves after some time of the world. */
export function setTimeout<T>(ms?: number, value?: T, options?: { signal?: AbortSignal }): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = globalThis.setTimeout(() => resolve(value), ms);
    options?.signal?.addEventListener("abort", () => {
      globalThis.clearTimeout(timer);
      reject(options.signal?.reason);
    });
  });
}
