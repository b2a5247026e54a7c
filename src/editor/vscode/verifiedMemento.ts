import type { Memento } from "../sessions/knownAccounts.ts";

/** How often a value is written before it is left to this window's memory. */
const tries = 5;

/**
 * The global state, read back after each write. VS Code replaces all that a window knows of its global state with each
 * change that it hears of, its own earlier ones too: a value that was set a moment before is gone then, and never
 * written. Until it has been seen to be kept, a value is answered from here.
 */
export class VerifiedMemento implements Memento {
  readonly #memento: Memento;
  readonly #pending = new Map<string, unknown>();

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  get(key: string): unknown {
    return this.#pending.has(key) ? this.#pending.get(key) : this.#memento.get(key);
  }

  /** Resolves once the value is kept, or when it has been tried in vain; then this window still knows it. */
  async update(key: string, value: unknown): Promise<void> {
    this.#pending.set(key, value);
    for (let left = tries; left > 0 && this.#isPending(key, value); left -= 1) {
      await this.#memento.update(key, value);
      if (!isSame(this.#memento.get(key), value)) continue;
      // Unless something else has been written since.
      if (this.#isPending(key, value)) this.#pending.delete(key);
    }
  }

  #isPending(key: string, value: unknown): boolean {
    return this.#pending.has(key) && this.#pending.get(key) === value;
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
