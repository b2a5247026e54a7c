import type { Disposable } from "../../platform/disposables.ts";
import { Emitter } from "../../platform/emitter.ts";
import { describeError, type Logger } from "../../platform/logger.ts";

/** Where the answer is remembered; whoever sees the setting off takes it away. */
export interface ConsentMemory {
  get(): unknown;
  set(answer: "allowed" | "refused"): PromiseLike<void>;
}

export interface TerminalConsentDependencies {
  memory: ConsentMemory;
  /** The setting; any extension may turn it on. */
  enabled: () => boolean;
  onDidChangeSettings: (listener: () => void) => Disposable;
  /** The person is looking at this window. */
  focused: () => boolean;
  /** Asks in a modal dialog. */
  ask: () => PromiseLike<boolean>;
  /** Tells without a dialog that there is something to ask. */
  offer: (review: () => void) => void;
  log: Logger;
}

/**
 * The person's word that terminals may have the API key, given once for as long as the setting stays on. The setting
 * alone is no such word. When it is turned on in front of the person they are asked; found on, they are told.
 */
export class TerminalConsent implements Disposable {
  readonly #dependencies: TerminalConsentDependencies;
  readonly #changed: Emitter<void>;
  readonly #subscription: Disposable;
  #wasEnabled: boolean;
  #asking: Promise<void> | undefined;

  constructor(parts: TerminalConsentDependencies) {
    this.#dependencies = parts;
    this.#changed = new Emitter((error) =>
      parts.log.error(`A listener of the consent failed: ${describeError(error)}`),
    );
    this.#wasEnabled = parts.enabled();
    if (this.#wasEnabled && !this.#isDecided) this.#offer();
    this.#subscription = parts.onDidChangeSettings(() => {
      const isTurnedOn = parts.enabled() && !this.#wasEnabled;
      this.#wasEnabled = parts.enabled();
      if (!isTurnedOn || this.#isDecided) return;
      if (parts.focused()) void this.#ask();
      else this.#offer();
    });
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get isGiven(): boolean {
    return this.#dependencies.memory.get() === "allowed";
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  get #isDecided(): boolean {
    return this.isGiven || this.#dependencies.memory.get() === "refused";
  }

  #offer(): void {
    this.#dependencies.offer(() => void this.#ask());
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    const { ask, enabled, memory, log } = this.#dependencies;
    try {
      const allowed = await ask();
      // An answer to a setting that has been turned off meanwhile is none to the next time it is turned on.
      if (!enabled()) return;
      // Nobody waits for the memory, or fails with it: this window knows already what is written.
      memory.set(allowed === true ? "allowed" : "refused").then(undefined, (error: unknown) => {
        log.warn(`The answer about the terminals' environment could not be remembered: ${describeError(error)}`);
      });
    } catch (error) {
      log.warn(`The question about the terminals' environment could not be asked: ${describeError(error)}`);
    }
    this.#changed.fire();
  }
}
