import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { maskKey } from "../../account/credential.ts";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import { newKeyBinding, ownKeyBinding } from "../../account/endpoints.ts";
import { environmentKey } from "../../account/environmentKey.ts";
import { looksLikeApiKey, type OwnKeyStore } from "../../account/ownKey.ts";
import { checkApiKey } from "../../openai/apiKeyCheck.ts";
import { isHeaderValue } from "../../platform/headerValue.ts";
import type { HttpClient } from "../../platform/httpClient.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { SharedWork } from "../../platform/sharedWork.ts";
import { isProblem, Problem } from "../../shared/problem.ts";
import { confirm } from "../vscode/confirm.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";

export interface OwnKeyActionsDependencies {
  ownKey: OwnKeyStore;
  http: HttpClient;
  endpoints: EndpointPermissions;
  notifications: Notifications;
  log: Logger;
}

/** Setting and removing the API key that a person types. */
export class OwnKeyActions {
  readonly #dependencies: OwnKeyActionsDependencies;
  /** What is asked for several times at once is asked of the person, and done, once. */
  readonly #running = new SharedWork<void>();

  constructor(dependencies: OwnKeyActionsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Asks for a key, checks it with the API, and only then replaces the one that is set.
   * @throws Problem
   */
  async set(): Promise<void> {
    const apiBaseUrl = settings.endpoint("apiBaseUrl");
    const asking = this.#permit(apiBaseUrl);
    if (asking !== undefined) await asking;
    const key = await this.#ask();
    if (key !== undefined) await this.#keep(apiBaseUrl, key);
  }

  /**
   * Checks a key that the person did not type here, and replaces the one that is set.
   * @returns whether it was saved; false when the person decided against it
   * @throws Problem
   */
  adopt(key: string): Promise<boolean> {
    const apiBaseUrl = settings.endpoint("apiBaseUrl");
    const keep = () => this.#keep(apiBaseUrl, key);
    return this.#permit(apiBaseUrl)?.then(keep) ?? keep();
  }

  /**
   * Adopts the key of VS Code's environment, if the person agrees.
   * @throws Problem `noEnvironmentKey`, `environmentKeyUnusable` and what `adopt` throws
   */
  adoptFromEnvironment(): Promise<void> {
    return this.#running.run("adopt", () => this.#adoptFromEnvironment());
  }

  async #adoptFromEnvironment(): Promise<void> {
    const key = environmentKey(process.env);
    if (key === undefined) {
      throw new Problem(process.env.OPENAI_API_KEY?.trim() ? "environmentKeyUnusable" : "noEnvironmentKey");
    }
    const { ownKey } = this.#dependencies;
    await ownKey.load();
    if (ownKey.current?.key === key || (await this.#mayAdopt(key))) await this.adopt(key);
  }

  #mayAdopt(key: string): Promise<boolean> {
    const details = [
      l10n.t("The key {key} is verified and saved in VS Code's secret storage. Usage is billed to its organization.", {
        key: maskKey(key),
      }),
      this.replacedBy(key),
    ];
    const detail = details.filter((text) => text !== undefined).join("\n\n");
    const question = l10n.t("Use the OpenAI API key from OPENAI_API_KEY?");
    return confirm({ question, detail, no: l10n.t("Don't Use") }, l10n.t("Use This Key"));
  }

  /** Tells which saved key another one would replace; undefined where it replaces none. */
  replacedBy(key: string): string | undefined {
    const { current } = this.#dependencies.ownKey;
    if (!current || current.key === key) return undefined;
    return l10n.t("It replaces the API key {key} that is saved here.", { key: maskKey(current.key) });
  }

  /** Asks the person, where needed, whether a new key may be sent to an address. @throws Problem `keyNotSent` */
  #permit(apiBaseUrl: string): Promise<void> | undefined {
    const { endpoints } = this.#dependencies;
    if (endpoints.isAllowed(newKeyBinding, apiBaseUrl)) return undefined;
    return endpoints.request(newKeyBinding, [apiBaseUrl], { again: true, problem: "keyNotSent" });
  }

  async #keep(apiBaseUrl: string, key: string): Promise<boolean> {
    if (!isHeaderValue(key)) throw new Problem("keyUnusable");
    const checked = await this.#check(apiBaseUrl, key);
    if (checked === "discarded") return false;
    const { ownKey, endpoints, notifications } = this.#dependencies;
    const before = ownKey.current;
    await ownKey.set(key, checked, apiBaseUrl);
    if (before && before.key !== key) endpoints.forget(ownKeyBinding(before.key));
    notifications.info(checked ? l10n.t("API key verified and saved.") : l10n.t("API key saved without verification."));
    return true;
  }

  /** Removes the key, if the person agrees. @throws Problem `noApiKey` */
  remove(): Promise<void> {
    return this.#running.run("remove", () => this.#remove());
  }

  async #remove(): Promise<void> {
    const { ownKey, notifications } = this.#dependencies;
    await ownKey.load();
    if (!ownKey.current) throw new Problem("noApiKey");
    const { key } = ownKey.current;
    const question = l10n.t("Remove the OpenAI API key from this computer?");
    const detail = l10n.t("The key stays valid until you delete it at platform.openai.com.");
    if (!(await confirm({ question, detail, no: l10n.t("Keep Key") }, l10n.t("Remove")))) return;
    await this.drop(key);
    notifications.info(
      ownKey.current
        ? l10n.t("A newer API key was saved in the meantime and wasn't removed.")
        : l10n.t("The API key was removed from this computer."),
    );
  }

  /**
   * Removes this key, and what was allowed for it, without a question. One that has replaced it stays.
   * @throws Problem `keyringFailed`, `keyringSilent`, `staleWindow`
   */
  async drop(key: string): Promise<void> {
    const { ownKey, endpoints } = this.#dependencies;
    // Another window may have replaced it.
    await ownKey.reload();
    if (ownKey.current?.key !== key) return;
    await ownKey.remove();
    endpoints.forget(ownKeyBinding(key));
    endpoints.forget(newKeyBinding);
  }

  async #ask(): Promise<string | undefined> {
    const text = await vscode.window.showInputBox({
      title: l10n.t("Set OpenAI API Key"),
      prompt: l10n.t("The key is saved in VS Code's secret storage and is never shown in full."),
      placeHolder: "sk-…",
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) =>
        value.trim() === "" || looksLikeApiKey(value.trim())
          ? undefined
          : l10n.t(
              "An OpenAI API key starts with “sk-” or “sess-” and contains only letters, digits, hyphens, and underscores.",
            ),
    });
    return text?.trim() || undefined;
  }

  async #check(apiBaseUrl: string, key: string): Promise<boolean | "discarded"> {
    try {
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: l10n.t("Verifying the API key…"), cancellable: true },
        (_progress, token) => {
          const abort = new AbortController();
          token.onCancellationRequested(() => abort.abort(new Problem("cancelled")));
          return checkApiKey(this.#dependencies.http, apiBaseUrl, key, abort.signal);
        },
      );
      return true;
    } catch (error) {
      if (isProblem(error, "keyRejected")) throw error;
      if (isProblem(error, "cancelled")) return "discarded";
      this.#dependencies.log.warn(`The API key could not be checked: ${describeError(error)}`);
      const question = l10n.t(
        "The API key couldn't be verified because the API didn't respond as expected. Save anyway?",
      );
      const detail = l10n.t("To verify the key later, set it again.");
      const isWanted = await confirm({ question, detail, no: l10n.t("Don't Save") }, l10n.t("Save Anyway"));
      return isWanted ? false : "discarded";
    }
  }
}
