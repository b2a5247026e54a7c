import type { Disposable } from "./clock.ts";

/** Subscribes a listener; the same shape as `vscode.Event`. */
export type Event<T> = (listener: (value: T) => unknown) => Disposable;

/**
 * Tells listeners of a value. A listener that throws does not keep the others from hearing, and one that fires again
 * does not change the order: everybody hears the first value before anybody hears the second.
 */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => unknown>();
  readonly #onListenerError: (error: unknown) => void;
  /** What is still to be told. */
  readonly #queue: (() => void)[] = [];
  #isDelivering = false;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  readonly event: Event<T> = (listener) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of this.#listeners) this.#queue.push(() => this.#tell(listener, value));
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) next();
    } finally {
      this.#isDelivering = false;
    }
  }

  #tell(listener: (value: T) => unknown, value: T): void {
    // It may have been removed by a listener before it.
    if (!this.#listeners.has(listener)) return;
    try {
      listener(value);
    } catch (error) {
      this.#onListenerError(error);
    }
  }
}
