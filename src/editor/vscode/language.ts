import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";

/**
 * Makes `l10n.t` speak the display language; to be called before the first text. VS Code has the texts in memory already;
 * for English there are none.
 */
export function useDisplayLanguage(): void {
  const { bundle } = vscode.l10n;
  if (bundle) l10n.config({ contents: bundle });
}

/** What lists and times are written in, so that they fit the texts around them: those may be English in any VS Code. */
export function languageOfTexts(): string {
  return vscode.l10n.bundle ? vscode.env.language : "en";
}
