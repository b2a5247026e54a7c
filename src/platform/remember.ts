/** A value that is made once, on first use. */
export interface Remembered<T> {
  /** Resolves with the value. @throws whatever making it throws */
  get(): Promise<T>;
  /** The value once it is made or being made; undefined before the first call and after a failure. */
  readonly current: Promise<T> | undefined;
}

/** Calls `make` on first use and remembers its value. After a failure, the next call tries again. */
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
