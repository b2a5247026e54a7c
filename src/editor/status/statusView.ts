import * as l10n from "@vscode/l10n";
import { isAllowedWorkspace } from "../../account/allowedWorkspaces.ts";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import { shownText } from "../../shared/shownText.ts";
import type { Known } from "../sessions/knownAccounts.ts";

/** What the status bar says. */
export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
  /** The person has to act before requests can be made. */
  readonly warning: boolean;
}

/**
 * The status bar's view of who is signed in and which credential is used; undefined where there is nothing to say.
 * @param allowedWorkspaces the only ChatGPT workspaces that may be used; all when empty
 */
export function statusOf(
  known: Known | undefined,
  authMode: AuthMode,
  allowedWorkspaces: readonly string[] = [],
): StatusView | undefined {
  const active = known?.accounts.find(({ id }) => id === known.active) ?? known?.accounts[0];
  const account = shownText(active?.label) ?? l10n.t("ChatGPT account");
  if (authMode === "chatgpt") {
    if (!active) return warning(l10n.t("ChatGPT: sign in"), l10n.t("ChatGPT mode is on, but you're not signed in."));
    if (active.needsSignIn)
      return warning(l10n.t("ChatGPT: sign in again"), l10n.t("Sign in again as {account}.", { account }));
    if (!isAllowedWorkspace(active.chatgptAccountId, allowedWorkspaces)) {
      const tooltip = l10n.t("Your settings don't allow the ChatGPT workspace of {account}.", { account });
      return warning(l10n.t("ChatGPT: account not allowed"), tooltip);
    }
    return quiet("account", account, l10n.t("Requests use ChatGPT as {account}.", { account }));
  }
  if (known?.ownKey) {
    const tooltip = active
      ? l10n.t("Requests use your OpenAI API key. You're also signed in as {account}.", { account })
      : l10n.t("Requests use your OpenAI API key.");
    return quiet("key", l10n.t("OpenAI API key"), tooltip);
  }
  if (!active) return undefined;
  const tooltip = l10n.t("API key mode is on, but no key is set. You're signed in as {account}.", { account });
  return quiet("key", l10n.t("No API key"), tooltip);
}

function warning(text: string, tooltip: string): StatusView {
  return { text: `$(warning) ${text}`, tooltip, warning: true };
}

function quiet(icon: string, text: string, tooltip: string): StatusView {
  return { text: `$(${icon}) ${text}`, tooltip, warning: false };
}
