import * as vscode from "vscode";
import type { ChatModelProvider, ChatNeeds } from "./chatModelProvider.ts";

/**
 * Offers the account's models to VS Code's Chat and to other extensions. Nothing of the rooms below is loaded before
 * a model is asked for, and nothing at all for a person who is signed out.
 */
export function registerChatModels(needs: ChatNeeds): vscode.Disposable {
  let loading: Promise<ChatModelProvider> | undefined;
  const load = () => {
    loading ??= Promise.all([import("./chatModelProvider.ts"), import("./chatHost.ts")]).then(
      ([{ ChatModelProvider }, { createChatHost }]) => new ChatModelProvider(needs, createChatHost()),
    );
    return loading;
  };
  return vscode.lm.registerLanguageModelChatProvider("chatgpt-sign-in", {
    onDidChangeLanguageModelChatInformation: needs.onDidChange,
    async provideLanguageModelChatInformation({ silent }) {
      if (needs.isSignedIn()) return (await load()).information();
      if (!silent) needs.offerSignIn();
      return [];
    },
    provideLanguageModelChatResponse: async (information, messages, options, progress, token) =>
      (await load()).respond(information, messages, options, progress, token),
    provideTokenCount: async (_information, text) => (await load()).countTokens(text),
  });
}
