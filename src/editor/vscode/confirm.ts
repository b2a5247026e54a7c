import * as vscode from "vscode";

/** Asks the person in a modal dialog, which no other extension can answer. @param yes the button that agrees */
export async function confirm(question: string, detail: string, yes: string): Promise<boolean> {
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, yes);
  return answer === yes;
}
