import type { Disposable } from "./disposables.ts";

/** Subscribes a listener; the same shape as `vscode.Event`. */
export type Event<T> = (listener: (value: T) => unknown) => Disposable;

interface Subscription<T> {
  readonly listener: (value: T) => unknown;
}

/**
 * Passes values on to its listeners, in order: when a listener fires again, every listener gets the first value before
 * any listener gets the second. A listener that throws does not stop the others.
 */
export class Emitter<T> {
  readonly #subscriptions = new Set<Subscription<T>>();
  readonly #onListenerError: (error: unknown) => void;
  /** Calls that are still to be made. */
  readonly #queue: (() => void)[] = [];
  #isDelivering = false;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  readonly event: Event<T> = (listener) => {
    const subscription = { listener };
    this.#subscriptions.add(subscription);
    return { dispose: () => this.#subscriptions.delete(subscription) };
  };

  fire(value: T): void {
    for (const subscription of this.#subscriptions) this.#queue.push(() => this.#deliver(subscription, value));
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) next();
    } finally {
      this.#isDelivering = false;
    }
  }

  #deliver(subscription: Subscription<T>, value: T): void {
    // An earlier listener may have removed it.
    if (!this.#subscriptions.has(subscription)) return;
    try {
      subscription.listener(value);
    } catch (error) {
      this.#onListenerError(error);
    }
  }
}
