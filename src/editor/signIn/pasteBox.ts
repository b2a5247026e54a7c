import * as vscode from "vscode";

/**
 * Asks for the content of an auth.json, masked. The box is one line: it joins the lines of what is pasted, which JSON,
 * whose strings cannot hold line breaks, survives. Nothing of it is kept, and nothing is written to disk.
 */
export async function askForAuthFile(): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: "Import from Codex CLI",
    prompt: "Paste the content of an auth.json. It is not shown and not written to disk.",
    placeHolder: '{ "tokens": { … } }',
    password: true,
    ignoreFocusOut: true,
  });
  return text?.trim() || undefined;
}
