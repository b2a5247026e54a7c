import * as vscode from "vscode";
import { isProblem, type ProblemCode, sentenceFor } from "../../shared/problem.ts";
import type { ModelProblemCode } from "../../shared/words/models.ts";

/** What another extension learns beside the sentence: the code of VS Code's LanguageModelError, or nothing. */
type LanguageModelCode = "Blocked" | "NotFound" | "NoPermissions" | "none";

/** Has every problem of a request to a model; of the others, those that have a code. */
const codes: Readonly<Record<ModelProblemCode, LanguageModelCode> & Partial<Record<ProblemCode, LanguageModelCode>>> = {
  usageLimitReached: "Blocked",
  usageNotIncluded: "Blocked",
  quotaExceeded: "Blocked",
  contentRefused: "Blocked",
  modelNotSupported: "NotFound",
  derivedKeyRejected: "NoPermissions",
  derivedKeyMissing: "NoPermissions",
  forbidden: "NoPermissions",
  extensionNotAllowed: "NoPermissions",
  extensionRefused: "NoPermissions",
  contextLengthExceeded: "none",
  overloaded: "none",
  badRequest: "none",
  streamLost: "none",
  silent: "none",
  endless: "none",
  rateLimited: "Blocked",
  notSignedIn: "NoPermissions",
  needsSignIn: "NoPermissions",
  noApiKey: "NoPermissions",
  keyRejected: "NoPermissions",
  endpointNotAllowed: "NoPermissions",
  accountNotAllowed: "NoPermissions",
  allowedWorkspacesUnusable: "NoPermissions",
};

/**
 * An error as Chat and other extensions get it: a sentence of ours, whatever was thrown, and no stack.
 * @param forChat VS Code's own Chat has asked, not an extension that looks at the error's code
 */
export function chatError(error: unknown, forChat: boolean): Error {
  const sentence = sentenceFor(error);
  // Chat shows the name that VS Code gives every LanguageModelError: a person is to read the sentence alone.
  const code = !forChat && isProblem(error) ? codes[error.code] : undefined;
  const shown = create(sentence, code);
  // Chat prints the stack.
  shown.stack = "";
  return shown;
}

function create(sentence: string, code: LanguageModelCode | undefined): Error {
  switch (code) {
    case "Blocked":
    case "NotFound":
    case "NoPermissions":
      return vscode.LanguageModelError[code](sentence);
    default:
      return new Error(sentence);
  }
}
