import * as vscode from "vscode";
import type { ChatModelProvider } from "./chatModelProvider.ts";

export interface ChatRegistrationDependencies {
  /** From memory: somebody is signed in, or has set an API key. */
  hasCredential(): boolean;
  /** Loads what answers; called for nobody who has no credential. */
  load(): Promise<ChatModelProvider>;
  isLoaded(): boolean;
  /** Keeps the last list over restarts; no secret is in it. */
  readonly memory: Pick<vscode.Memento, "get" | "update">;
  /** Account, mode, key or one of the settings changed. */
  readonly onDidChange: vscode.Event<void>;
}

const memoryKey = "chatModels";

/**
 * Offers the account's models to VS Code's Chat and to other extensions. Runs at activation, so it loads nothing: what
 * VS Code asks for by itself, in every new window, is answered with the last list until something of ours is used.
 */
export function registerChatModels(registration: ChatRegistrationDependencies): vscode.Disposable {
  const { hasCredential, load, isLoaded, memory, onDidChange } = registration;
  const last = () => memory.get<vscode.LanguageModelChatInformation[]>(memoryKey) ?? [];
  const read = async () => {
    const models = await (await load()).information(last());
    await memory.update(memoryKey, models);
    return models;
  };
  let offering = false;
  const offerSignIn = async () => {
    if (offering) return;
    offering = true;
    const signIn = "Sign in with ChatGPT";
    const sentence = "Sign in to use your ChatGPT account's models in Chat.";
    const chosen = await vscode.window.showInformationMessage(sentence, signIn);
    offering = false;
    if (chosen === signIn) await vscode.commands.executeCommand("chatgptSignIn.signIn");
  };
  return vscode.lm.registerLanguageModelChatProvider("chatgpt-sign-in", {
    onDidChangeLanguageModelChatInformation: onDidChange,
    async provideLanguageModelChatInformation({ silent }) {
      if (!hasCredential()) {
        if (!silent) void offerSignIn();
        return [];
      }
      const remembered = silent && !isLoaded() ? last() : [];
      return remembered.length > 0 ? remembered : read();
    },
    provideLanguageModelChatResponse: async (information, messages, options, progress, token) =>
      (await load()).respond(information, messages, options, progress, token),
    provideTokenCount: async (_information, text) => (await load()).countTokens(text),
  });
}
