import * as vscode from "vscode";
import { type Intent, intentSchema, type View } from "../panelProtocol.ts";
import type { Disposable } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Actions } from "./actions.ts";
import { panelHtml } from "./panelHtml.ts";
import { settings } from "./settings.ts";

export interface SettingsPanelParts {
  extensionUri: vscode.Uri;
  actions: Actions;
  view: () => View;
  /** Everything that can change the view. */
  changes: readonly ((listener: () => void) => Disposable)[];
  showLog: () => void;
  /** A person begins to look at the panel. */
  onLook: () => void;
  /** A person asks how much of the plan is used by now. */
  onReadUsage: () => void;
  log: Logger;
}

/** The settings panel: one editor tab, shown again when it is open already. */
export class SettingsPanel {
  readonly #parts: SettingsPanelParts;
  #panel: vscode.WebviewPanel | undefined;

  constructor(parts: SettingsPanelParts) {
    this.#parts = parts;
  }

  get visible(): boolean {
    return this.#panel?.visible === true;
  }

  show(): void {
    if (this.#panel) {
      this.#panel.reveal();
      return;
    }
    const folder = vscode.Uri.joinPath(this.#parts.extensionUri, "dist", "webview");
    const panel = vscode.window.createWebviewPanel(
      "chatgptSignIn.settings",
      "ChatGPT Settings",
      vscode.ViewColumn.Active,
      {
        enableScripts: true,
        enableForms: false,
        localResourceRoots: [folder],
      },
    );
    this.#panel = panel;
    panel.iconPath = vscode.Uri.joinPath(this.#parts.extensionUri, "media", "icon.png");
    const subscriptions: Disposable[] = [];
    panel.onDidDispose(() => {
      this.#panel = undefined;
      for (const subscription of subscriptions) subscription.dispose();
    });
    subscriptions.push(panel.webview.onDidReceiveMessage((message) => this.#receive(message, panel)));
    for (const change of this.#parts.changes) subscriptions.push(change(() => this.#post(panel)));
    panel.webview.html = panelHtml(panel.webview, folder);
  }

  #post(panel: vscode.WebviewPanel): void {
    if (panel.visible) void panel.webview.postMessage(this.#parts.view());
  }

  #receive(message: unknown, panel: vscode.WebviewPanel): void {
    const intent = intentSchema.safeParse(message);
    if (!intent.success) {
      this.#parts.log.debug("The panel sent a message that is not known; it was dropped.");
      return;
    }
    if (intent.data.type === "ready") {
      this.#parts.onLook();
      this.#post(panel);
    } else void this.#act(intent.data);
  }

  #act(intent: Exclude<Intent, { type: "ready" }>): unknown {
    const { actions } = this.#parts;
    switch (intent.type) {
      case "signIn":
        return actions.signIn();
      case "cancelSignIn":
        return actions.cancelSignIn();
      case "signInWith":
        return actions.signInWith(intent.flow);
      case "copySignInLink":
        return actions.copySignInLink();
      case "copyDeviceCode":
        return actions.copyDeviceCode();
      case "openDevicePage":
        return actions.openDevicePage();
      case "signOut":
        return actions.signOut();
      case "addAccount":
        return actions.signIn({ chooseAccount: true });
      case "switchAccount":
        return actions.switchAccount(intent.id);
      case "signOutAccount":
        return actions.signOut(intent.id);
      case "importFromCodex":
        return actions.importFromCodex();
      case "exportToCodex":
        return actions.exportToCodex();
      case "refresh":
        return actions.refresh();
      case "setAuthMode":
        return actions.setAuthMode(intent.authMode);
      case "setApiKey":
        return actions.setApiKey();
      case "adoptEnvironmentKey":
        return actions.adoptEnvironmentKey();
      case "removeApiKey":
        return actions.removeApiKey();
      case "retryDerivedKey":
        return actions.retryDerivedKey();
      case "openPlatform":
        return actions.openPlatform();
      case "openEndpointSettings":
        return settings.open();
      case "readUsage":
        return this.#parts.onReadUsage();
      case "showLog":
        return this.#parts.showLog();
    }
  }
}
