import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";

/**
 * Asks for the content of an auth.json, masked. The box has one line and joins pasted lines, which JSON allows: its
 * strings have no line breaks. Nothing of the text is kept or written to disk.
 */
export async function askForAuthFile(): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: l10n.t("Import from Codex CLI"),
    prompt: l10n.t("Paste the content of an auth.json file. It isn't shown, and it isn't written to disk."),
    placeHolder: '{ "tokens": { … } }',
    password: true,
    ignoreFocusOut: true,
  });
  return text?.trim() || undefined;
}
