import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import { shownText } from "../../shared/shownText.ts";
import type { ActionRequest, RunAction } from "../actions.ts";
import type { Known, KnownAccounts } from "../sessions/knownAccounts.ts";
import { statusOf } from "./statusView.ts";

export interface StatusMenuDependencies {
  known: KnownAccounts;
  authMode: () => AuthMode;
  /** The only ChatGPT workspaces that may be used; all when empty. */
  allowedWorkspaces: () => readonly string[];
  run: RunAction;
}

interface Item extends vscode.QuickPickItem {
  readonly action: ActionRequest;
}

/** The status bar's menu: what can be done now, the most likely first. */
export async function showStatusMenu(dependencies: StatusMenuDependencies): Promise<void> {
  const { known, authMode, allowedWorkspaces, run } = dependencies;
  const mode = authMode();
  const status = statusOf(known.current, mode, allowedWorkspaces());
  const chosen = await vscode.window.showQuickPick(itemsFor(known.current, mode), {
    title: l10n.t("ChatGPT Account"),
    placeHolder: status?.tooltip ?? l10n.t("You're not signed in, and no API key is set."),
  });
  if (chosen) await run(chosen.action);
}

function itemsFor(known: Known | undefined, authMode: AuthMode): Item[] {
  const active = known?.accounts.find(({ id }) => id === known.active);
  const signIn = item("sign-in", active ? l10n.t("Sign in again") : l10n.t("Sign in with ChatGPT"), "signIn");
  const otherMode =
    authMode === "chatgpt"
      ? item("key", l10n.t("Use OpenAI API Key"), { type: "setAuthMode", authMode: "apiKey" })
      : item("account", l10n.t("Use ChatGPT"), { type: "setAuthMode", authMode: "chatgpt" });
  const setApiKey = item("key", l10n.t("Set OpenAI API Key…"), "setApiKey");
  const settings = item("settings-gear", l10n.t("Open ChatGPT Settings"), "openSettings");
  if (!active) return [signIn, otherMode, ...(known?.ownKey ? [] : [setApiKey]), settings];
  return [
    ...(active.needsSignIn ? [signIn] : []),
    item("arrow-swap", l10n.t("Switch ChatGPT Account…"), "switchAccount"),
    item("add", l10n.t("Add ChatGPT Account…"), "addAccount"),
    otherMode,
    ...(known?.ownKey ? [] : [setApiKey]),
    ...(active.needsSignIn ? [] : [item("refresh", l10n.t("Refresh ChatGPT Credentials"), "refresh")]),
    settings,
    { ...item("sign-out", l10n.t("Sign out"), "signOut"), description: shownText(active.label) ?? "" },
  ];
}

function item(icon: string, label: string, action: ActionRequest): Item {
  return { label: `$(${icon}) ${label}`, action };
}
