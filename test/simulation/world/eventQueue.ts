import type { Process } from "./process.ts";

export interface QueuedEvent {
  readonly time: number;
  /** Decides between events of the same time. */
  readonly rank: number;
  readonly process: Process | undefined;
  readonly run: () => void;
  isCancelled?: boolean;
  order?: number;
}

/** Events in the order of their time: a binary heap. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #added = 0;

  add(event: QueuedEvent): QueuedEvent {
    this.#added += 1;
    event.order = this.#added;
    const heap = this.#heap;
    heap.push(event);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
    return event;
  }

  cancel(event: QueuedEvent): void {
    event.isCancelled = true;
  }

  /** Takes the next event, unless it is later than `until`. */
  take(until: number): QueuedEvent | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (!first || (!first.isCancelled && first.time > until)) return undefined;
      this.#removeFirst();
      if (!first.isCancelled) return first;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || !last) return;
    heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && this.#isBefore(left, least)) least = left;
      if (right < heap.length && this.#isBefore(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return false;
    if (a.time !== b.time) return a.time < b.time;
    return a.rank !== b.rank ? a.rank < b.rank : (a.order ?? 0) < (b.order ?? 0);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
