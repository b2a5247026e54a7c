import type * as vscode from "vscode";

type Options = vscode.ProvideLanguageModelChatResponseOptions & { readonly requestInitiator?: unknown };

/**
 * Whether VS Code's own Chat asks, and not an extension. VS Code tells who asks, though no stable type has it; where it
 * does not, everybody counts as an extension.
 */
export function isFromChat({ requestInitiator }: Options): boolean {
  return requestInitiator === "github.copilot-chat" || requestInitiator === "core";
}
