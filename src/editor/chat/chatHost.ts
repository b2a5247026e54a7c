import * as vscode from "vscode";
import { chatError } from "./chatErrors.ts";
import type { ChatHost } from "./chatModelProvider.ts";
import type { DataPart } from "./messageMapping.ts";

type DataPartClass = new (data: Uint8Array, mimeType: string) => DataPart;

/** VS Code's own classes for the provider, which knows none itself and so runs in plain tests. */
export function createChatHost(): ChatHost {
  // In the stable API since 1.106, two versions after the one whose types we build with.
  const { LanguageModelDataPart } = vscode as typeof vscode & { LanguageModelDataPart?: DataPartClass };
  return {
    isText: (part) => part instanceof vscode.LanguageModelTextPart,
    isToolCall: (part) => part instanceof vscode.LanguageModelToolCallPart,
    isToolResult: (part) => part instanceof vscode.LanguageModelToolResultPart,
    isPromptTsx: (part) => part instanceof vscode.LanguageModelPromptTsxPart,
    isData: (part): part is DataPart => LanguageModelDataPart !== undefined && part instanceof LanguageModelDataPart,
    textPart: (text) => new vscode.LanguageModelTextPart(text),
    toolCallPart: (call) => new vscode.LanguageModelToolCallPart(call.callId, call.name, call.input),
    cancellation: () => new vscode.CancellationError(),
    error: chatError,
  };
}
