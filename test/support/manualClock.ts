import type { Clock } from "../../src/platform/clock.ts";
import type { Disposable } from "../../src/platform/disposables.ts";

/** A clock that only a test moves. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(now: number = Date.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.#elapsed + ms, callback };
    this.#timers.add(timer);
    return { dispose: () => this.#timers.delete(timer) };
  }

  /** Moves on by `ms`, calls the timers that are due, in order, and lets the promises that they settle run. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#pass(Math.max(0, next.at - this.#elapsed));
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#pass(end - this.#elapsed);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves on by `ms` without calling timers; back: sets the computer's clock back. */
  jump(ms: number): void {
    if (ms > 0) this.#pass(ms);
    else this.setWall(ms);
  }

  /** Sets the computer's clock forward or back by `ms`; no time passes. So does sleep where `elapsed` stands still. */
  setWall(ms: number): void {
    this.#now += ms;
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#elapsed += ms;
  }
}
