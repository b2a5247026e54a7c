import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { shownText } from "../../shared/shownText.ts";

/** How a person without a usable API key wants to get one. */
export type KeyChoice = "signIn" | "ownKey" | "useAccount";

/**
 * Asks a person in the API key mode, without a key that fits, how to get one for an extension.
 * @param accountLabel an account that has a key, which the ChatGPT mode would use
 * @returns undefined when the person closes the question
 */
export async function askKeyChoice(accountLabel: string | undefined): Promise<KeyChoice | undefined> {
  const choices: (vscode.QuickPickItem & { choice: KeyChoice })[] = [];
  if (accountLabel !== undefined) {
    const label = l10n.t("Switch to ChatGPT mode and use {account}", { account: shownText(accountLabel) ?? "" });
    choices.push({ label: `$(account) ${label}`, choice: "useAccount" });
  }
  choices.push(
    {
      label: `$(sign-in) ${l10n.t("Sign in with ChatGPT")}`,
      detail: l10n.t("Switches to ChatGPT mode"),
      choice: "signIn",
    },
    {
      label: `$(key) ${l10n.t("Set OpenAI API Key…")}`,
      detail: l10n.t("Your own key, from platform.openai.com"),
      choice: "ownKey",
    },
  );
  const chosen = await vscode.window.showQuickPick(choices, {
    title: l10n.t("An extension needs an OpenAI API key"),
    placeHolder: l10n.t("Choose how to provide one"),
    ignoreFocusOut: true,
  });
  return chosen?.choice;
}
