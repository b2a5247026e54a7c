import type { ReasoningItem } from "./messages.ts";

interface Entry {
  readonly scope: string;
  readonly items: readonly ReasoningItem[];
  readonly size: number;
}

const entryLimit = 1_000;
const characterLimit = 16 * 1024 * 1024;

/**
 * Carries the model's encrypted thinking from one turn to the next.
 *
 * The editor's stable chat API gives only text and tool calls back as history. Within an agent's turn every thinking
 * item leads to a tool call, whose id is unique and comes back from the editor: so the items are kept in memory under
 * the ids of the calls they led to, and are put before those calls when they return. Thinking that led only to text is
 * not needed again: the service drops it at the next question. What is forgotten (limits, a reload) makes the model
 * think again, and the request does not fail.
 *
 * This is the only state between requests. It cannot mix them up: it is written and read by call id and scope.
 */
export class ReasoningMemory {
  readonly #entries = new Map<string, Entry>();
  #size = 0;

  /** @param scope model and account: another one could not decrypt the items, and would refuse the request */
  remember(scope: string, callId: string, items: readonly ReasoningItem[]): void {
    this.#forget(callId);
    const size = items.reduce((sum, item) => sum + item.encryptedContent.length, 0);
    if (items.length === 0 || size > characterLimit) return;
    this.#entries.set(callId, { scope, items, size });
    this.#size += size;
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= entryLimit && this.#size <= characterLimit) break;
      this.#forget(oldest);
    }
  }

  recall(scope: string, callId: string): readonly ReasoningItem[] {
    const entry = this.#entries.get(callId);
    if (entry?.scope !== scope) return [];
    // What was recalled last is forgotten last.
    this.#entries.delete(callId);
    this.#entries.set(callId, entry);
    return entry.items;
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  #forget(callId: string): void {
    this.#size -= this.#entries.get(callId)?.size ?? 0;
    this.#entries.delete(callId);
  }
}
