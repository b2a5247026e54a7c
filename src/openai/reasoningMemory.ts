import type { ReasoningItem } from "./messages.ts";

interface Remembered {
  readonly scope: string;
  readonly items: readonly ReasoningItem[];
  readonly size: number;
}

const entryLimit = 1_000;
const characterLimit = 16 * 1024 * 1024;

/**
 * Carries the model's encrypted thinking from one turn to the next.
 *
 * The editor's stable chat API gives text and tool calls back as history, and nothing else. But within an agent's turn
 * every thinking item leads to a tool call, whose id the service made unique and the editor gives back: so the items
 * are kept in memory under the ids of the calls they led to, and put before those calls when they return. Thinking
 * that led to text alone is not needed again: the service drops it at the next question anyway. What is forgotten
 * (bounds, a reload) costs the model a second thought, never the request.
 *
 * The only state between requests, and one that cannot mix them up: it is written and read by call id and scope.
 */
export class ReasoningMemory {
  readonly #entries = new Map<string, Remembered>();
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
    // Whatever is still talked about is the last to be forgotten.
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
