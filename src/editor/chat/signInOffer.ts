import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { commandOf } from "../../shared/actionIds.ts";

/**
 * Says why there are no models while the person is signed out, and offers to sign in. Resolves when the person has answered,
 * without waiting for the sign-in.
 */
export async function offerSignIn(): Promise<void> {
  const signIn = l10n.t("Sign in with ChatGPT");
  const sentence = l10n.t("Sign in to use your ChatGPT account's models in Chat.");
  const chosen = await vscode.window.showInformationMessage(sentence, signIn);
  if (chosen === signIn) void vscode.commands.executeCommand(commandOf("signIn"));
}
