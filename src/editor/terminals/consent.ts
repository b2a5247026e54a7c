import type { Disposable } from "../../platform/disposables.ts";
import { Emitter } from "../../platform/emitter.ts";
import { inBackground } from "../../platform/inBackground.ts";
import { describeError, type Logger } from "../../platform/logger.ts";

/** Where the answer is remembered. It is removed when the setting is found off, see `extension.ts`. */
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
 * The person's consent that terminals may have the API key, given once for as long as the setting stays on. The setting
 * alone is no consent: any extension may turn it on. When it is turned on while the person looks at the window, they are
 * asked; when it is found on, they are told.
 */
export class TerminalConsent implements Disposable {
  readonly #dependencies: TerminalConsentDependencies;
  readonly #changed: Emitter<void>;
  readonly #subscription: Disposable;
  #wasEnabled: boolean;
  #asking: Promise<void> | undefined;

  constructor(dependencies: TerminalConsentDependencies) {
    this.#dependencies = dependencies;
    this.#changed = new Emitter((error) =>
      dependencies.log.error(`A listener of the consent failed: ${describeError(error)}`),
    );
    this.#wasEnabled = dependencies.enabled();
    if (this.#wasEnabled && !this.#isDecided) this.#offer();
    this.#subscription = dependencies.onDidChangeSettings(() => {
      const isTurnedOn = dependencies.enabled() && !this.#wasEnabled;
      this.#wasEnabled = dependencies.enabled();
      if (!isTurnedOn || this.#isDecided) return;
      if (dependencies.focused()) void this.#ask();
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
      // The setting was turned off meanwhile; when it is turned on again, the person is asked again.
      if (!enabled()) return;
      // Nobody waits for the memory: this window already knows what is written.
      const remembered = memory.set(allowed === true ? "allowed" : "refused");
      inBackground(remembered, log, "The answer about the terminals' environment could not be remembered");
    } catch (error) {
      log.warn(`The question about the terminals' environment could not be asked: ${describeError(error)}`);
    }
    this.#changed.fire();
  }
}
