import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { allowedWorkspacesIn } from "../../account/allowedWorkspaces.ts";
import { commandOf } from "../../shared/actionIds.ts";
import type { KnownAccounts } from "../sessions/knownAccounts.ts";
import { statusOf } from "./statusView.ts";

/** Shows account and mode in the status bar, from what is remembered: no secret is read for it. */
export function createStatusBar(context: vscode.ExtensionContext, known: KnownAccounts): void {
  let item: vscode.StatusBarItem | undefined;
  const show = () => {
    // Reading settings takes longer than the rest of an activation while the person is signed out.
    if (!known.current) return item?.hide();
    const configuration = vscode.workspace.getConfiguration("chatgptSignIn");
    const authMode = configuration.get("authMode") === "chatgpt" ? "chatgpt" : "apiKey";
    const allowed = allowedWorkspacesIn(configuration.get("allowedWorkspaces"));
    const view = configuration.get("statusBar") === false ? undefined : statusOf(known.current, authMode, allowed);
    if (!view) return item?.hide();
    item ??= createItem(context);
    item.text = view.text;
    item.tooltip = view.tooltip;
    item.backgroundColor = view.warning ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    item.accessibilityInformation = { label: l10n.t("ChatGPT account: {status}", { status: view.tooltip }) };
    item.show();
  };
  known.onDidChange(show);
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("chatgptSignIn")) show();
    }),
  );
  show();
}

function createItem(context: vscode.ExtensionContext): vscode.StatusBarItem {
  const item = vscode.window.createStatusBarItem("account", vscode.StatusBarAlignment.Right, 90);
  // The name in the status bar's own menu, where it can be hidden.
  item.name = l10n.t("ChatGPT Account");
  item.command = commandOf("showMenu");
  context.subscriptions.push(item);
  return item;
}
