/** Something that can be ended; the same shape as `vscode.Disposable`. */
export interface Disposable {
  dispose(): void;
}

/** A list of things that are disposed together, the last one first. */
export class Disposables implements Disposable {
  readonly #items: Disposable[] = [];
  #isDisposed = false;

  /** Adds an item and returns it. After `dispose()`, the item is disposed at once. */
  add<T extends Disposable>(item: T): T {
    if (this.#isDisposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  /**
   * Disposes every item once, even when one of them throws.
   * @throws the first error that an item threw
   */
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
