import type * as vscode from "vscode";
import { extensionIdOf } from "../vscode/extensionId.ts";

type Options = vscode.ProvideLanguageModelChatResponseOptions & { readonly requestInitiator?: unknown };

/** The built-in extension that is VS Code's own Chat. */
const chat = "github.copilot-chat";

/**
 * What VS Code names as the asker of a request that the workbench itself makes: for an MCP server that asks for a model
 * (sampling), for an agent that runs outside the extension host, or for a feature of its own. Its Chat is none of these
 * (as of 1.139). No extension's id is without a dot.
 */
export const vscodeItself = "core";

/** What an asker is called that VS Code does not name. No extension has this id. */
export const unknownExtension = "unknown";

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
