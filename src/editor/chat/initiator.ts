import type * as vscode from "vscode";
import { unknownExtension, vscodeItself } from "../consumers/askers.ts";
import { extensionIdOf } from "../vscode/extensionId.ts";

type Options = vscode.ProvideLanguageModelChatResponseOptions & { readonly requestInitiator?: unknown };

/** The built-in extension that is VS Code's own Chat. */
const chat = "github.copilot-chat";

/**
 * Whether VS Code's own Chat asks, and not an extension. VS Code tells who asks, though no stable type has it; where it
 * does not, everybody counts as an extension.
 */
export function isFromChat({ requestInitiator }: Options): boolean {
  return extensionIdOf(requestInitiator) === chat;
}

/** The id of the extension that asks, in lower case; `core` for VS Code itself; `unknown` for all other values. */
export function askerOf({ requestInitiator }: Options): string {
  return requestInitiator === vscodeItself ? vscodeItself : (extensionIdOf(requestInitiator) ?? unknownExtension);
}
