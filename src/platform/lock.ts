import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describeError, type Logger } from "./logger.ts";

/** Keeps two pieces of work on the same thing apart, across windows and processes. */
export interface Lock {
  /** Runs `work` while nobody else holds `name` (letters, digits, dashes). */
  hold<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** A holder that has not said for this long that it is alive has crashed. */
const staleMs = 5_000;
/** Between two tries for a lock that somebody holds. */
const retryMs = 10;
/** A refresh is given up after half a minute; who waits longer than this waits for something broken. */
const patienceMs = 45_000;

/**
 * Locks as folders under `directory` (proper-lockfile): taken by mkdir, which is atomic everywhere, kept alive by their
 * time of change, and recovered when the holder was killed. Where the folder cannot be written, the work still runs:
 * a person without it is better off than one who cannot sign in.
 */
export function createFileLock(directory: string, log: Logger): Lock {
  let ready: Promise<unknown> | undefined;
  return {
    async hold(name, work) {
      ready ??= mkdir(directory, { recursive: true }).catch(() => undefined);
      await ready;
      const release = await acquire(join(directory, name), log);
      try {
        return await work();
      } finally {
        await release();
      }
    },
  };
}

/** Loads what the first lock needs, so that the lock itself is not slowed by it. */
export async function prepareFileLock(): Promise<void> {
  await import("proper-lockfile");
}

async function acquire(file: string, log: Logger): Promise<() => Promise<void>> {
  try {
    // The default export is there however a bundler wraps CommonJS.
    const { default: lockfile } = await import("proper-lockfile");
    const release = await lockfile.lock(file, {
      realpath: false,
      stale: staleMs,
      update: staleMs / 4,
      retries: { retries: patienceMs / retryMs, factor: 1, minTimeout: retryMs, maxTimeout: retryMs },
      onCompromised: (error) => log.warn(`A lock was lost: ${describeError(error)}`),
    });
    return () => release().catch((error: unknown) => log.warn(`A lock was not released: ${describeError(error)}`));
  } catch (error) {
    log.warn(`Going on without a lock: ${describeError(error)}`);
    return async () => {};
  }
}
