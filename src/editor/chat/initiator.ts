import type * as vscode from "vscode";
import { extensionIdOf } from "../vscode/extensionId.ts";

type Options = vscode.ProvideLanguageModelChatResponseOptions & { readonly requestInitiator?: unknown };

/**
 * What VS Code names as the asker when its own Chat asks: its built-in Chat extension, and `core` for a request that the
 * workbench itself makes and no extension (`$startChatRequest` in extHostLanguageModels.ts of microsoft/vscode). No
 * extension's id is without a dot.
 */
const chat: ReadonlySet<unknown> = new Set(["github.copilot-chat", "core"]);

/** What an asker is called that VS Code does not name. No extension has this id. */
export const unknownExtension = "unknown";

/**
 * Whether VS Code's own Chat asks, and not an extension. VS Code tells who asks, though no stable type has it; where it
 * does not, everybody counts as an extension.
 */
export function isFromChat({ requestInitiator }: Options): boolean {
  return chat.has(typeof requestInitiator === "string" ? requestInitiator.toLowerCase() : undefined);
}

/** The id of the extension that asks, in lower case; `unknown` for all that VS Code names by no such id. */
export function askerOf({ requestInitiator }: Options): string {
  return extensionIdOf(requestInitiator) ?? unknownExtension;
}
