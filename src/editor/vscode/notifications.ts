import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { describeError, type Logger } from "../../platform/logger.ts";
import { isProblem, sentenceFor } from "../../shared/problem.ts";
import { settings } from "./settings.ts";

/** Messages to the person. Only fixed text of ours is shown: notifications render links, and a server's text could be one. */
export class Notifications {
  readonly #log: Logger;
  readonly #showLog: () => void;

  constructor(log: Logger, showLog: () => void) {
    this.#log = log;
    this.#showLog = showLog;
  }

  /**
   * Shows what went wrong in a sentence of ours; the detail goes to the log.
   * @param what failed, for the log alone, such as "Signing in"
   * @returns the sentence
   */
  problem(what: string, error: unknown): string {
    this.#log.error(`${what} failed: ${describeError(error)}`);
    const sentence = sentenceFor(error);
    const isAddress = isProblem(error, "endpointNotAllowed", "signInNotAllowed", "keyNotSent");
    const actions = {
      ...(isAddress && { [l10n.t("Open Settings")]: () => void settings.open() }),
      [l10n.t("Show Log")]: this.#showLog,
    };
    void this.#offer(vscode.window.showErrorMessage(sentence, ...Object.keys(actions)), actions);
    return sentence;
  }

  info(sentence: string, actions: Readonly<Record<string, () => void>> = {}): void {
    void this.#offer(vscode.window.showInformationMessage(sentence, ...Object.keys(actions)), actions);
  }

  warning(sentence: string, actions: Readonly<Record<string, () => void>> = {}): void {
    void this.#offer(vscode.window.showWarningMessage(sentence, ...Object.keys(actions)), actions);
  }

  /** A warning of more than a line: VS Code cuts messages without buttons off after one. The log has the details. */
  warningWithLog(sentence: string): void {
    this.warning(sentence, { [l10n.t("Show Log")]: this.#showLog });
  }

  async #offer(shown: Thenable<string | undefined>, actions: Readonly<Record<string, () => void>>): Promise<void> {
    const chosen = await shown;
    if (chosen !== undefined && Object.hasOwn(actions, chosen)) actions[chosen]?.();
  }
}
