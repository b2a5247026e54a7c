import type { RequestError } from "../../openai/requestError.ts";
import type { Clock } from "../../platform/clock.ts";
import { isProblem } from "../../shared/problem.ts";

export interface ChatFailureDependencies {
  readonly clock: Clock;
  /** The stored sign-in is known to be refused: whoever watches the accounts has told of it. */
  isToldElsewhere(): boolean;
  warn(sentence: string, actions: Readonly<Record<string, () => void>>): void;
  signIn(): void;
  setApiKey(): void;
  openSettings(): void;
  /** Asks whether the credential may go where the settings say. */
  reviewEndpoints(): void;
}

/** An agent sends its requests seconds apart; they fail together. */
const burstMs = 60_000;

/**
 * Offers the way out of a failed request where there is one, once for a burst of failures. The failure itself is said
 * by Chat, or by the extension that asked.
 */
export class ChatFailures {
  readonly #dependencies: ChatFailureDependencies;
  #offeredAt = Number.NEGATIVE_INFINITY;

  constructor(needs: ChatFailureDependencies) {
    this.#dependencies = needs;
  }

  note(error: RequestError): void {
    const actions = this.#wayOut(error);
    const now = this.#dependencies.clock.now();
    if (!actions || now - this.#offeredAt < burstMs) return;
    this.#offeredAt = now;
    this.#dependencies.warn(error.message, actions);
  }

  #wayOut({ failure }: RequestError): Readonly<Record<string, () => void>> | undefined {
    const { isToldElsewhere, signIn, setApiKey, openSettings, reviewEndpoints } = this.#dependencies;
    const problem = failure.kind === "problem" ? failure.problem : undefined;
    if (failure.kind === "signInExpired") return isToldElsewhere() ? undefined : { "Sign in with ChatGPT": signIn };
    if (isProblem(problem, "endpointNotAllowed")) return { "Review…": reviewEndpoints };
    if (isProblem(problem, "notSignedIn")) return { "Sign in with ChatGPT": signIn };
    if (failure.kind === "apiKeyRejected" || isProblem(problem, "noApiKey")) {
      return { "Set OpenAI API Key": setApiKey };
    }
    if (failure.kind === "derivedKeyRejected" || failure.kind === "derivedKeyMissing") {
      return { "Open ChatGPT Settings": openSettings };
    }
    return undefined;
  }
}
