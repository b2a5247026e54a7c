import { randomBytes } from "node:crypto";
import { isSameSecret } from "./callbackAnswer.ts";

/** Below this path of the listener are the one-time addresses. */
export const oneTimePath = "/sign-in/";

/** More than a person opens while one attempt runs; the oldest goes first. */
const mostKept = 16;

/** What a one-time address is made for. */
export interface OneTimePage {
  /** The address that it leads to. */
  readonly url: string;
  /** Ends it when it is aborted. */
  readonly signal: AbortSignal;
  /** Called when somebody is sent to the page. */
  readonly onUsed: () => void;
  /** Called when somebody asks for it once more: one of the two may be another user of this computer. */
  readonly onUsedAgain: () => void;
}

interface OneTimeAddress extends OneTimePage {
  readonly path: string;
  isUsed: boolean;
}

/**
 * Paths of the listener that each lead to a page once. A browser is started with the address on its command line, which
 * others on the computer can read, and the page's own address holds the attempt's state.
 */
export class OneTimeAddresses {
  #kept: OneTimeAddress[] = [];

  /** Makes a path, which cannot be guessed. */
  create(page: OneTimePage): string {
    const path = `${oneTimePath}${randomBytes(32).toString("base64url")}`;
    this.#kept = [...this.#kept, { ...page, path, isUsed: false }].slice(-mostKept);
    return path;
  }

  /** Whether a path leads to a page, or has. It is not used up by this. */
  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** The page for who asks first; `usedBefore` for all others; undefined for a path that has ended, or never was one. */
  use(path: string): OneTimePage | "usedBefore" | undefined {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    if (found.isUsed) {
      found.onUsedAgain();
      return "usedBefore";
    }
    found.isUsed = true;
    found.onUsed();
    return found;
  }

  #find(path: string): OneTimeAddress | undefined {
    const found = this.#kept.find((each) => isSameSecret(path, each.path));
    return found?.signal.aborted && !found.isUsed ? undefined : found;
  }
}
