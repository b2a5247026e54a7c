import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../platform/disposables.ts";
import type { Logger } from "../../platform/logger.ts";
import { askForTerminals } from "../endpoints/consentDialogs.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { type ConsentMemory, TerminalConsent } from "./consent.ts";
import { followTerminalEnvironment } from "./environment.ts";

export interface TerminalDependencies {
  context: vscode.ExtensionContext;
  memory: ConsentMemory;
  apiKey: () => string | undefined;
  /** Everything but the settings that can change the key. */
  changes: readonly ((listener: () => void) => Disposable)[];
  notifications: Notifications;
  log: Logger;
}

/** Gives the API key to integrated terminals where the setting is on and the person has agreed to it. */
export function createTerminals({
  context,
  memory,
  apiKey,
  changes,
  notifications,
  log,
}: TerminalDependencies): Disposable {
  const disposables = new Disposables();
  const consent = new TerminalConsent({
    memory,
    enabled: () => settings.terminalEnvironment,
    onDidChangeSettings: settings.onDidChange,
    focused: () => vscode.window.state.focused,
    ask: askForTerminals,
    offer: (review) =>
      notifications.warning(
        l10n.t(
          "The setting “chatgptSignIn.terminalEnvironment” is on. Terminals get the API key only after you allow it.",
        ),
        { [l10n.t("Review…")]: review },
      ),
    log,
  });
  disposables.add(consent);
  const following = followTerminalEnvironment({
    collection: () => context.environmentVariableCollection,
    enabled: () => settings.terminalEnvironment && consent.isGiven,
    apiKey,
    changes: [
      ...[...changes, settings.onDidChange, consent.onDidChange],
      // It may have been answered in another window.
      (listener) => vscode.window.onDidChangeWindowState(listener),
    ],
  });
  disposables.add(following);
  return disposables;
}
