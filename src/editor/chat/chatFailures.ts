import * as l10n from "@vscode/l10n";
import type { Clock } from "../../platform/clock.ts";
import type { Problem } from "../../shared/problem.ts";

export interface ChatFailureDependencies {
  readonly clock: Clock;
  /** The stored sign-in is known to be refused, and another notification already offers to sign in. */
  isToldElsewhere(): boolean;
  warn(sentence: string, actions: Readonly<Record<string, () => void>>): void;
  signIn(): void;
  setApiKey(): void;
  openSettings(): void;
  switchAccount(): void;
  /** Opens VS Code's settings, at those of this extension. */
  editSettings(): void;
  /** Asks whether the credential may go where the settings say. */
  reviewEndpoints(): void;
}

/** An agent sends its requests seconds apart; they fail together. */
const burstMs = 60_000;

/**
 * Offers the way out of a failed request where there is one, once for a burst of failures. The failure itself is shown
 * by Chat, or by the extension that asked.
 */
export class ChatFailures {
  readonly #dependencies: ChatFailureDependencies;
  #offeredAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: ChatFailureDependencies) {
    this.#dependencies = dependencies;
  }

  note(problem: Problem): void {
    const actions = this.#wayOut(problem);
    const now = this.#dependencies.clock.elapsed();
    if (!actions || now - this.#offeredAt < burstMs) return;
    this.#offeredAt = now;
    this.#dependencies.warn(problem.message, actions);
  }

  #wayOut({ code }: Problem): Readonly<Record<string, () => void>> | undefined {
    const { isToldElsewhere, signIn, setApiKey, openSettings, reviewEndpoints } = this.#dependencies;
    const { switchAccount, editSettings } = this.#dependencies;
    switch (code) {
      case "needsSignIn":
        return isToldElsewhere() ? undefined : { [l10n.t("Sign in with ChatGPT")]: signIn };
      case "notSignedIn":
        return { [l10n.t("Sign in with ChatGPT")]: signIn };
      case "accountNotAllowed":
        return { [l10n.t("Switch Account")]: switchAccount };
      case "allowedWorkspacesUnusable":
        return { [l10n.t("Open Settings")]: editSettings };
      case "endpointNotAllowed":
        return { [l10n.t("Review…")]: reviewEndpoints };
      case "keyRejected":
      case "noApiKey":
        return { [l10n.t("Set OpenAI API Key")]: setApiKey };
      case "derivedKeyRejected":
      case "derivedKeyMissing":
        return { [l10n.t("Open ChatGPT Settings")]: openSettings };
      default:
        return undefined;
    }
  }
}
