import * as vscode from "vscode";

/** The context keys of package.json's `when` clauses: true only when it is certain, so that nothing is hidden wrongly. */
export type ContextKey = "signedOut" | "signedIn" | "noApiKey" | "signingIn";

export function setContextKey(key: ContextKey, value: boolean): void {
  void vscode.commands.executeCommand("setContext", `chatgptSignIn.${key}`, value);
}
