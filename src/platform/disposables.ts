import type { Disposable } from "./clock.ts";

/** Things that end together, the last one first. What is added after the end ends at once. */
export class Disposables implements Disposable {
  readonly #items: Disposable[] = [];
  #isDisposed = false;

  /** Returns the item, so that it can be added where it is created. */
  add<T extends Disposable>(item: T): T {
    if (this.#isDisposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  /** Ends everything, also when something fails to; ends nothing twice. @throws what failed first */
  dispose(): void {
    this.#isDisposed = true;
    const failures: unknown[] = [];
    for (let item = this.#items.pop(); item; item = this.#items.pop()) {
      try {
        item.dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
