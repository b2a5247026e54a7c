import { randomBytes } from "node:crypto";
import { isSameSecret } from "./callbackAnswer.ts";

/** Below this path of the listener are the one-time addresses. */
export const oneTimePath = "/sign-in/";

/** More than a person opens while one attempt runs; the oldest goes first. */
const mostUnused = 16;

interface OneTimeAddress {
  readonly path: string;
  /** The address that it leads to. */
  readonly page: string;
  /** Ends it when it is aborted. */
  readonly signal: AbortSignal;
  /** Called when somebody is sent to the page. */
  readonly onUsed: () => void;
}

/**
 * Paths of the listener that each lead to a page once. A browser is started with the address on its command line, which
 * others on the computer can read, and the page's own address holds the attempt's state.
 */
export class OneTimeAddresses {
  #unused: OneTimeAddress[] = [];

  /**
   * Makes a path, which cannot be guessed.
   * @param page the address that it leads to
   * @param signal ends it when it is aborted
   * @param onUsed called when somebody is sent to the page
   */
  create(page: string, signal: AbortSignal, onUsed: () => void): string {
    const path = `${oneTimePath}${randomBytes(32).toString("base64url")}`;
    this.#unused = [...this.#unused, { path, page, signal, onUsed }].slice(-mostUnused);
    return path;
  }

  /** The page's address for who asks first; undefined for a path that was used, has ended, or never was one. */
  use(path: string): string | undefined {
    const found = this.#unused.find((each) => isSameSecret(path, each.path));
    this.#unused = this.#unused.filter((each) => each !== found);
    if (found === undefined || found.signal.aborted) return undefined;
    found.onUsed();
    return found.page;
  }
}
