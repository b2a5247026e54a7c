import * as vscode from "vscode";
import type { KeyWay } from "../sessions/sessions.ts";

/**
 * Asks a person in the API key mode, without a key that fits, how to get one for an extension.
 * @param accountLabel an account that has a key, which the ChatGPT mode would use
 */
export async function askKeyChoice(accountLabel: string | undefined): Promise<KeyWay | undefined> {
  const ways: (vscode.QuickPickItem & { way: KeyWay })[] = [
    ...(accountLabel === undefined
      ? []
      : [{ label: `$(account) Switch to ChatGPT and use ${accountLabel}`, way: "useAccount" as const }]),
    { label: "$(sign-in) Sign in with ChatGPT", detail: "Switches the mode to ChatGPT", way: "signIn" },
    { label: "$(key) Set OpenAI API Key", detail: "A key of your own, from platform.openai.com", way: "ownKey" },
  ];
  const chosen = await vscode.window.showQuickPick(ways, {
    title: "An extension asks for an OpenAI API key",
    placeHolder: "Requests use an API key of your own, and there is none for this",
    ignoreFocusOut: true,
  });
  return chosen?.way;
}
