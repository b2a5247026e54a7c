import * as vscode from "vscode";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import { newKeyBinding, ownKeyBinding } from "../../account/endpoints.ts";
import { looksLikeApiKey, type OwnKeyStore } from "../../account/ownKey.ts";
import { checkApiKey } from "../../openai/apiKeyCheck.ts";
import type { HttpClient } from "../../platform/httpClient.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { isProblem, Problem } from "../../shared/problem.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";

/** Setting and removing the API key that a person types. */
export class OwnKeyActions {
  readonly #ownKey: OwnKeyStore;
  readonly #http: HttpClient;
  readonly #notifications: Notifications;
  readonly #log: Logger;
  readonly #endpoints: EndpointPermissions;

  constructor(
    ownKey: OwnKeyStore,
    http: HttpClient,
    notifications: Notifications,
    log: Logger,
    endpoints: EndpointPermissions,
  ) {
    this.#ownKey = ownKey;
    this.#http = http;
    this.#endpoints = endpoints;
    this.#notifications = notifications;
    this.#log = log;
  }

  /**
   * Asks for a key, checks it with the API and only then replaces the one that is set.
   * @throws Problem
   */
  async set(): Promise<void> {
    const apiBaseUrl = settings.endpoint("apiBaseUrl");
    const asking = this.#permit(apiBaseUrl);
    if (asking) await asking;
    const key = await this.#ask();
    if (key !== undefined) await this.#keep(apiBaseUrl, key);
  }

  /**
   * Checks a key that came from elsewhere and replaces the one that is set; false when the person dropped it.
   * @throws Problem
   */
  adopt(key: string): Promise<boolean> {
    const apiBaseUrl = settings.endpoint("apiBaseUrl");
    const keep = () => this.#keep(apiBaseUrl, key);
    return this.#permit(apiBaseUrl)?.then(keep) ?? keep();
  }

  /** Asks the person, where needed, whether a new key may be sent to an address. @throws Problem `keyNotSent` */
  #permit(apiBaseUrl: string): Promise<void> | undefined {
    if (this.#endpoints.isAllowed(newKeyBinding, apiBaseUrl)) return undefined;
    return this.#endpoints.request(newKeyBinding, [apiBaseUrl], { again: true, problem: "keyNotSent" });
  }

  async #keep(apiBaseUrl: string, key: string): Promise<boolean> {
    const checked = await this.#check(apiBaseUrl, key);
    if (checked === "dropped") return false;
    const before = this.#ownKey.current;
    await this.#ownKey.set(key, checked, apiBaseUrl);
    if (before && before.key !== key) this.#endpoints.forget(ownKeyBinding(before.key));
    this.#notifications.info(checked ? "The API key works and is stored." : "The API key is stored without a check.");
    return true;
  }

  /** @throws Problem `noApiKey` */
  async remove(): Promise<void> {
    await this.#ownKey.load();
    const ownKey = this.#ownKey.current;
    if (!ownKey) throw new Problem("noApiKey");
    const answer = await vscode.window.showWarningMessage(
      "Remove the OpenAI API key from this computer?",
      { modal: true, detail: "The key itself stays valid until you delete it at platform.openai.com." },
      "Remove",
    );
    if (answer !== "Remove") return;
    await this.drop();
    this.#notifications.info("The API key was removed from this computer.");
  }

  /**
   * Removes the key, and what was allowed for it, without a question.
   * @throws Problem `keyringFailed`, `keyringSilent`, `staleWindow`
   */
  async drop(): Promise<void> {
    const ownKey = this.#ownKey.current;
    await this.#ownKey.remove();
    if (ownKey) this.#endpoints.forget(ownKeyBinding(ownKey.key));
    this.#endpoints.forget(newKeyBinding);
  }

  async #ask(): Promise<string | undefined> {
    const text = await vscode.window.showInputBox({
      title: "Set OpenAI API Key",
      prompt: "The key is stored in VS Code's secret storage and never shown again.",
      placeHolder: "sk-…",
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) =>
        value.trim() === "" || looksLikeApiKey(value.trim())
          ? undefined
          : "An OpenAI API key starts with “sk-” or “sess-” and has only letters, digits, “-” and “_”.",
    });
    return text?.trim() || undefined;
  }

  async #check(apiBaseUrl: string, key: string): Promise<boolean | "dropped"> {
    try {
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: "Checking the API key…", cancellable: true },
        (_progress, token) => {
          const abort = new AbortController();
          token.onCancellationRequested(() => abort.abort(new Problem("cancelled")));
          return checkApiKey(this.#http, apiBaseUrl, key, abort.signal);
        },
      );
      return true;
    } catch (error) {
      if (isProblem(error, "keyRejected")) throw error;
      if (isProblem(error, "cancelled")) return "dropped";
      this.#log.warn(`The API key could not be checked: ${describeError(error)}`);
      const answer = await vscode.window.showWarningMessage(
        "The API key could not be checked because the API did not answer as it should. Keep it unchecked?",
        { modal: true, detail: "You can set it again later to have it checked." },
        "Keep It",
      );
      return answer === "Keep It" ? false : "dropped";
    }
  }
}
