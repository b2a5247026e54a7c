import * as vscode from "vscode";

/** What lists and times are written in, so that they fit the texts around them: those may be English in any VS Code. */
export function languageOfTexts(): string {
  return vscode.l10n.bundle ? vscode.env.language : "en";
}
