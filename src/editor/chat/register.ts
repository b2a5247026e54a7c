import * as vscode from "vscode";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { ChatModelProvider } from "./chatModelProvider.ts";
import { isFromChat } from "./initiator.ts";

export interface ChatRegistrationDependencies {
  /** From memory: somebody is signed in, or has set an API key. */
  hasCredential(): boolean;
  /** Loads what answers; not called while there is no credential. */
  load(): Promise<ChatModelProvider>;
  isLoaded(): boolean;
  /** Keeps the last list over restarts; no secret is in it. */
  readonly memory: Pick<vscode.Memento, "get" | "update">;
  /** Account, mode, key or one of the settings changed. */
  readonly onDidChange: vscode.Event<void>;
  readonly log: Logger;
}

const memoryKey = "chatModels";

/**
 * Offers the account's models to VS Code's Chat and to other extensions. Runs at activation, so it loads nothing: what
 * VS Code asks for by itself, in every new window, is answered with the last list until something of ours is used.
 */
export function registerChatModels(dependencies: ChatRegistrationDependencies): vscode.Disposable {
  const { hasCredential, isLoaded, memory, onDidChange, log } = dependencies;
  const last = () => memory.get<vscode.LanguageModelChatInformation[]>(memoryKey) ?? [];
  /** Throws what VS Code may see of an error. */
  const fail = async (error: unknown, forChat = false): Promise<never> => {
    const { chatError } = await import("./chatErrors.ts");
    throw chatError(error, forChat);
  };
  const load = (forChat = false) =>
    dependencies.load().catch((error: unknown) => {
      log.warn(`Chat's models could not be loaded: ${describeError(error)}`);
      return fail(error, forChat);
    });
  const remember = async (models: vscode.LanguageModelChatInformation[] | undefined) => {
    try {
      await memory.update(memoryKey, models);
    } catch (error) {
      log.warn(`Chat's models could not be remembered: ${describeError(error)}`);
    }
  };
  const read = async () => {
    const models = await (await load()).information(last());
    // Meanwhile the person may have signed out.
    if (hasCredential()) await remember(models);
    return models;
  };
  /** The list goes with the last credential. */
  const forget = () => {
    if (!hasCredential() && last().length > 0) void remember(undefined);
  };
  forget();
  onDidChange(forget);
  let isOffering = false;
  const offer = async () => {
    if (isOffering) return;
    isOffering = true;
    try {
      await (await import("./signInOffer.ts")).offerSignIn();
    } catch (error) {
      log.warn(`The sign-in could not be offered: ${describeError(error)}`);
    } finally {
      isOffering = false;
    }
  };
  return vscode.lm.registerLanguageModelChatProvider("chatgpt-sign-in", {
    onDidChangeLanguageModelChatInformation: onDidChange,
    async provideLanguageModelChatInformation({ silent }) {
      if (!hasCredential()) {
        if (!silent) void offer();
        return [];
      }
      const remembered = silent && !isLoaded() ? last() : [];
      return remembered.length > 0 ? remembered : read();
    },
    provideLanguageModelChatResponse: async (information, messages, options, progress, token) =>
      (await load(isFromChat(options))).respond(information, messages, options, progress, token),
    async provideTokenCount(_information, text) {
      const provider = await load();
      try {
        return provider.countTokens(text);
      } catch (error) {
        log.warn(`Tokens could not be counted: ${describeError(error)}`);
        return fail(error);
      }
    },
  });
}
