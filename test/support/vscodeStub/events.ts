type Listener<T> = (value: T) => unknown;

export class Disposable {
  readonly #work: () => void;

  constructor(work: () => void) {
    this.#work = work;
  }

  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const each of all) each.dispose();
    });
  }

  dispose(): void {
    this.#work();
  }
}

/** Like VS Code's: a listener that throws does not stop the others. */
export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  /** What listeners threw. */
  readonly failures: unknown[] = [];

  get listenerCount(): number {
    return this.#listeners.size;
  }

  readonly event = (listener: Listener<T>, thisArg?: unknown, disposables?: { dispose(): unknown }[]): Disposable => {
    const bound: Listener<T> = (value) => listener.call(thisArg, value);
    this.#listeners.add(bound);
    const subscription = new Disposable(() => this.#listeners.delete(bound));
    disposables?.push(subscription);
    return subscription;
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        this.failures.push(error);
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

/** Keeps a provider until it is disposed. */
export function register(providers: Map<string, unknown>, id: string, provider: unknown): Disposable {
  providers.set(id, provider);
  return new Disposable(() => providers.delete(id));
}
