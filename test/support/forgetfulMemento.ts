const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * VS Code's global state of one window, as its extension host keeps it: all of it is sent at once, a moment after a
 * change, and each change comes back as an event that replaces all that the window knows. A value that was set between
 * the two is lost. Other windows write the same.
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

  /** The window hears of a change. */
  hear(stored = this.#shared.stored): void {
    this.#value = JSON.parse(stored);
  }
}
