/** Work that many ask for at the same time and that is done once. Nothing is kept of it when it has ended. */
export class SharedWork<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** The work that is running under this name, or else `start`, begun now. */
  run(name: string, start: () => Promise<T>): Promise<T> {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const started = start();
    this.#running.set(name, started);
    const end = () => {
      if (this.#running.get(name) === started) this.#running.delete(name);
    };
    started.then(end, end);
    return started;
  }

  /** Lets what is running end for those who wait for it; whoever asks from now on starts it again. */
  forget(): void {
    this.#running.clear();
  }
}
