import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import type { Clock } from "../../platform/clock.ts";
import { Disposables } from "../../platform/disposables.ts";
import type { Logger } from "../../platform/logger.ts";
import type { RunAction } from "../actions.ts";
import type { ConsumerServices } from "../consumers/module.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { settings } from "../vscode/settings.ts";
import { createView, type ViewDependencies } from "./panelView.ts";
import { SettingsPanel } from "./settingsPanel.ts";

export interface PanelDependencies extends ViewDependencies {
  consumers: ConsumerServices;
  extensionUri: vscode.Uri;
  run: RunAction;
  endpoints: EndpointPermissions;
  notifications: Notifications;
  clock: Clock;
  log: Logger;
}

export interface PanelServices {
  /** Whether the person sees the panel. */
  readonly visible: boolean;
  show(): void;
  dispose(): void;
}

/** The settings panel, kept to what is known of accounts, keys, usage and the running sign-in. */
export function createPanel(dependencies: PanelDependencies): PanelServices {
  const { extensionUri, run, notifications, clock, log } = dependencies;
  const { accounts, ownKey, signIn, activity, endpoints, usage, consumers } = dependencies;
  const panel = new SettingsPanel({
    extensionUri,
    run,
    view: () => createView(dependencies),
    changes: [accounts, ownKey, signIn, activity, settings, endpoints, usage, consumers].map(
      (source) => (listener) => source.onDidChange(listener),
    ),
    onLook: () => usage.look(),
    onNotLoaded: () =>
      notifications.warning(
        l10n.t("VS Code hasn't loaded ChatGPT Settings. If the panel stays empty, reload the window."),
        {
          [l10n.t("Reload Window")]: () => void vscode.commands.executeCommand("workbench.action.reloadWindow"),
        },
      ),
    clock,
    log,
  });
  const disposables = new Disposables();
  // What was not asked for without the person's consent may be asked for now.
  disposables.add(endpoints.onDidChange(() => panel.visible && usage.update()));
  return {
    get visible() {
      return panel.visible;
    },
    show: () => panel.show(),
    dispose: () => disposables.dispose(),
  };
}
