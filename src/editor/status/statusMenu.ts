import * as vscode from "vscode";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import type { Known } from "../sessions/knownAccounts.ts";
import { statusOf } from "./statusView.ts";

export interface StatusMenuDependencies {
  known: () => Known | undefined;
  authMode: () => AuthMode;
  signIn: () => Promise<void>;
  addAccount: () => Promise<void>;
  switchAccount: () => void;
  setAuthMode: (authMode: AuthMode) => Promise<void>;
  refresh: () => Promise<void>;
  setApiKey: () => Promise<void>;
  signOut: () => Promise<void>;
  openSettings: () => void;
}

interface Item extends vscode.QuickPickItem {
  run?: () => unknown;
}

/** The status bar's menu: what can be done now, the most likely first. */
export async function showStatusMenu(parts: StatusMenuDependencies): Promise<void> {
  const known = parts.known();
  const authMode = parts.authMode();
  const chosen = await vscode.window.showQuickPick(itemsFor(parts, known, authMode), {
    title: "ChatGPT Account",
    placeHolder: statusOf(known, authMode)?.tooltip ?? "Nobody is signed in, and no API key is set.",
  });
  await chosen?.run?.();
}

function itemsFor(parts: StatusMenuDependencies, known: Known | undefined, authMode: AuthMode): Item[] {
  const accounts = known?.accounts ?? [];
  const active = accounts.find(({ id }) => id === known?.active);
  const signIn = { label: active ? "$(sign-in) Sign In Again" : "$(sign-in) Sign in with ChatGPT", run: parts.signIn };
  const switchMode: Item =
    authMode === "chatgpt"
      ? { label: "$(key) Use the OpenAI API Key", run: () => parts.setAuthMode("apiKey") }
      : { label: "$(account) Use ChatGPT", run: () => parts.setAuthMode("chatgpt") };
  return [
    ...(!active || active.needsSignIn ? [signIn] : []),
    ...(active ? [{ label: "$(arrow-swap) Switch ChatGPT Account…", run: parts.switchAccount }] : []),
    ...(active ? [{ label: "$(add) Add ChatGPT Account…", run: parts.addAccount }] : []),
    switchMode,
    ...(known?.ownKey ? [] : [{ label: "$(key) Set OpenAI API Key…", run: parts.setApiKey }]),
    ...(active && !active.needsSignIn ? [{ label: "$(refresh) Refresh ChatGPT Credentials", run: parts.refresh }] : []),
    { label: "$(settings-gear) Open ChatGPT Settings", run: parts.openSettings },
    ...(active ? [{ label: "$(sign-out) Sign Out", description: active.label, run: parts.signOut }] : []),
  ];
}
