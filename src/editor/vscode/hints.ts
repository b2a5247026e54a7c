import type { Memento } from "../sessions/knownAccounts.ts";

const keys = { signedIn: "signedIn", ownKey: "ownKey", terminalConsent: "terminalConsent" } as const;

/** What is remembered outside the secrets, so that activation need not read a secret. No secret is in it. */
export class Hints {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** Whether somebody is signed in; "missing" when a keyring has lost what was stored. */
  readonly signedIn = {
    get: (): boolean | "missing" => {
      const signedIn = this.#memory.get(keys.signedIn);
      return signedIn === "missing" ? "missing" : signedIn === true;
    },
    set: (signedIn: boolean | "missing") => this.#memory.update(keys.signedIn, signedIn),
  };

  /** Whether the person allowed terminals to have the API key. */
  readonly terminalConsent = {
    get: () => this.#memory.get(keys.terminalConsent),
    set: (answer: "allowed" | "refused") => this.#memory.update(keys.terminalConsent, answer),
    forget: () => {
      if (this.#memory.get(keys.terminalConsent)) void this.#memory.update(keys.terminalConsent, undefined);
    },
  };

  get isSignedIn(): boolean {
    return this.signedIn.get() === true;
  }

  /** Somebody is signed in, or has set an API key. */
  get hasCredential(): boolean {
    return this.isSignedIn || this.#memory.get(keys.ownKey) === true;
  }

  rememberOwnKey(isSet: boolean): void {
    void this.#memory.update(keys.ownKey, isSet);
  }
}
