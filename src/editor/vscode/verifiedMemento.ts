import type { Memento } from "../sessions/knownAccounts.ts";

/** How often a value is written before it is left to this window's memory. */
const tries = 5;

interface Pending {
  readonly value: unknown;
  /** What it replaces, as JSON. */
  readonly before: string | undefined;
  isGivenUp: boolean;
}

/**
 * The global state, read back after each write. VS Code replaces all that a window knows of its global state with each
 * change that it hears of, its own earlier ones too: a value that was set a moment before is gone then, and never
 * written. Until it has been seen to be kept, a value is answered from here; one that cannot be written only until
 * another window writes something else.
 */
export class VerifiedMemento implements Memento {
  readonly #memento: Memento;
  readonly #pending = new Map<string, Pending>();

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  get(key: string): unknown {
    const stored = this.#memento.get(key);
    const pending = this.#pending.get(key);
    if (!pending) return stored;
    const isForeign = JSON.stringify(stored) !== pending.before && !isSame(stored, pending.value);
    if (!pending.isGivenUp || !isForeign) return pending.value;
    this.#pending.delete(key);
    return stored;
  }

  /** Resolves once the value is kept, or when it has been tried in vain; then this window still knows it. */
  async update(key: string, value: unknown): Promise<void> {
    const pending = { value, before: JSON.stringify(this.#memento.get(key)), isGivenUp: false };
    this.#pending.set(key, pending);
    const isPending = () => this.#pending.get(key) === pending;
    try {
      for (let left = tries; left > 0 && isPending(); left -= 1) {
        await this.#memento.update(key, value);
        // Unless something else has been written since.
        if (isPending() && isSame(this.#memento.get(key), value)) this.#pending.delete(key);
      }
    } finally {
      pending.isGivenUp = true;
    }
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
