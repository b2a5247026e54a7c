import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";

/** Long enough for a slow computer: a page that has said nothing for this long while it is shown, ms. */
const loadingLimitMs = 20_000;

/**
 * Notices that VS Code does not load a page that it shows. It waits for a service worker of its own then, and may wait
 * for ever; a page that was never there cannot say so.
 */
export class PageWatch {
  readonly #clock: Clock;
  readonly #onLate: () => void;
  #timer: Disposable | undefined;
  #hasSpoken = false;

  constructor(clock: Clock, onLate: () => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  /** The page is shown, and is expected to speak. */
  shown(): void {
    if (this.#hasSpoken || this.#timer) return;
    this.#timer = this.#clock.after(loadingLimitMs, () => {
      this.#timer = undefined;
      this.#onLate();
    });
  }

  spoke(): void {
    this.#hasSpoken = true;
    this.#stop();
  }

  /** VS Code takes a hidden page away, and loads it again when it is shown. */
  hidden(): void {
    this.#hasSpoken = false;
    this.#stop();
  }

  dispose(): void {
    this.#stop();
  }

  #stop(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
