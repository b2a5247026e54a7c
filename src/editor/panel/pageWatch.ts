import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";

/** A page that is shown and sends no message for this long is not loaded. Long enough for a slow computer; ms. */
const loadingLimitMs = 20_000;

/**
 * Notices that VS Code does not load a page that it shows, which can last forever: VS Code waits for a service worker,
 * and a page that was never loaded cannot report that.
 */
export class PageWatch {
  readonly #clock: Clock;
  readonly #onLate: () => void;
  #timer: Disposable | undefined;
  #isLoaded = false;

  constructor(clock: Clock, onLate: () => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  /** The page is shown, and is expected to send a message. */
  shown(): void {
    if (this.#isLoaded || this.#timer) return;
    this.#timer = this.#clock.after(loadingLimitMs, () => {
      this.#timer = undefined;
      this.#onLate();
    });
  }

  messageReceived(): void {
    this.#isLoaded = true;
    this.#stop();
  }

  /** VS Code takes a hidden page away, and loads it again when it is shown. */
  hidden(): void {
    this.#isLoaded = false;
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
