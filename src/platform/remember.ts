/** What is made once, when it is first asked for. */
export interface Remembered<T> {
  /** Resolves with what was made, by this call or an earlier one. @throws whatever making it throws */
  get(): Promise<T>;
  /** What has been made or is being made; undefined before the first call and after a failure. */
  readonly current: Promise<T> | undefined;
}

/** Remembers what `make` resolves with. A failure is not remembered: the next call tries again. */
export function remember<T>(make: () => Promise<T>): Remembered<T> {
  let current: Promise<T> | undefined;
  return {
    get() {
      if (current) return current;
      const made = (async () => make())();
      current = made;
      made.catch(() => {
        if (current === made) current = undefined;
      });
      return made;
    },
    get current() {
      return current;
    },
  };
}
