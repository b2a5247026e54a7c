import type { Credential } from "./credential.ts";

/** How many records of one account are remembered. */
const limit = 20;

/** Remembers what an account's record was before, so that a keyring's older answer is known as one. */
export class SupersededRecords {
  readonly #texts = new Map<string, Set<string>>();

  /** To be called when `next` takes the place of `before`. */
  note(before: Credential, next: Credential): void {
    const texts = this.#texts.get(before.id) ?? new Set();
    this.#texts.set(before.id, texts);
    texts.add(JSON.stringify(before));
    texts.delete(JSON.stringify(next));
    for (const oldest of texts) {
      if (texts.size <= limit) break;
      texts.delete(oldest);
    }
  }

  /** Whether `read` is older than what is known of the same account. */
  isOlder(read: Credential, known: Credential): boolean {
    if (read.signedInAt !== known.signedInAt) return read.signedInAt < known.signedInAt;
    if (read.sequence !== known.sequence) return read.sequence < known.sequence;
    return this.#texts.get(read.id)?.has(JSON.stringify(read)) === true;
  }
}
