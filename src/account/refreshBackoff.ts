import { backoff } from "../platform/backoff.ts";
import type { Clock } from "../platform/clock.ts";

/** Waits after refreshes that failed for what may pass, ms. */
const waitsMs = [5_000, 15_000, 60_000, 300_000];
/** After this long without a failure, the waits start from the shortest again, ms. */
const forgetMs = 600_000;

interface Failures {
  count: number;
  problem: unknown;
  /** Until when to wait, ms by the clock that nobody can set. */
  until: number;
}

/** Keeps accounts whose refresh has failed from asking the issuer again at once. */
export class RefreshBackoff {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What the last refresh of an account failed with, while the next one has to wait. */
  waiting(id: string): { problem: unknown } | undefined {
    const failures = this.#failures.get(id);
    return failures && this.#clock.elapsed() < failures.until ? failures : undefined;
  }

  failed(id: string, problem: unknown): void {
    const now = this.#clock.elapsed();
    const before = this.#failures.get(id);
    const count = before && now - before.until < forgetMs ? before.count + 1 : 1;
    this.#failures.set(id, { count, problem, until: now + backoff(waitsMs, count) });
  }

  succeeded(id: string): void {
    this.#failures.delete(id);
  }
}
