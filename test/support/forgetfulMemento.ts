const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * The global state of one VS Code window, as its extension host keeps it: a moment after a change it sends all values,
 * and an event comes back that replaces all of them. A value that is set between the two is lost. Other windows share
 * the same storage.
 */
export class ForgetfulMemento {
  /** What is stored, for all windows. */
  readonly #shared: { stored: string };
  #value: Record<string, unknown>;
  #scheduled: Promise<void> | undefined;

  constructor(shared = { stored: "{}" }) {
    this.#shared = shared;
    this.#value = JSON.parse(shared.stored);
  }

  get(key: string): unknown {
    return this.#value[key];
  }

  update(key: string, value: unknown): Promise<void> {
    this.#value[key] = structuredClone(value);
    this.#scheduled ??= this.#flush();
    return this.#scheduled;
  }

  async #flush(): Promise<void> {
    await turn();
    this.#scheduled = undefined;
    const sent = JSON.stringify(this.#value);
    await turn();
    this.#shared.stored = sent;
    this.hear(sent);
  }

  /** The event of a change, which replaces what the window knows. */
  hear(stored = this.#shared.stored): void {
    this.#value = JSON.parse(stored);
  }
}

interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** A memory, and a way to wait until all that was written to it has been kept. */
export class WatchedMemory implements Memory {
  readonly #memory: Memory;
  readonly #writing = new Set<PromiseLike<void>>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get(key: string): unknown {
    return this.#memory.get(key);
  }

  update(key: string, value: unknown): PromiseLike<void> {
    const written = this.#memory.update(key, value);
    this.#writing.add(written);
    return written;
  }

  async idle(): Promise<void> {
    for (const written of this.#writing) await written;
  }
}
