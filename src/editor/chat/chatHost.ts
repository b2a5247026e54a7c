import * as vscode from "vscode";
import { failureSentence, type RequestError } from "../../openai/requestError.ts";
import { isProblem } from "../../shared/problem.ts";
import type { ChatHost } from "./chatModelProvider.ts";
import type { DataPart } from "./messageMapping.ts";

type DataPartClass = new (data: Uint8Array, mimeType: string) => DataPart;

/** VS Code's own classes for the provider, which knows none by itself and so runs in plain tests. */
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
    error(error, forChat) {
      // Chat prints the stack, and VS Code gives one to every LanguageModelError: a person is to read the sentence alone.
      const shown = forChat ? new Error(failureSentence(error.failure)) : languageModelError(error);
      shown.stack = "";
      return shown;
    },
  };
}

/** The error for other extensions, under the code that fits (LanguageModelError). */
function languageModelError(error: RequestError): Error {
  const sentence = failureSentence(error.failure);
  switch (error.failure.kind) {
    case "usageLimitReached":
    case "usageNotIncluded":
    case "quotaExceeded":
    case "rateLimited":
    case "contentRefused":
      return vscode.LanguageModelError.Blocked(sentence);
    case "modelNotSupported":
      return vscode.LanguageModelError.NotFound(sentence);
    case "signInExpired":
    case "apiKeyRejected":
    case "derivedKeyRejected":
    case "derivedKeyMissing":
    case "forbidden":
      return vscode.LanguageModelError.NoPermissions(sentence);
    case "problem":
      return isProblem(error.failure.problem, "notSignedIn", "noApiKey", "endpointNotAllowed")
        ? vscode.LanguageModelError.NoPermissions(sentence)
        : new Error(sentence);
    default:
      return new Error(sentence);
  }
}
