import * as vscode from "vscode";
import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { type Intent, intentSchema, type View } from "../../shared/panelProtocol.ts";
import type { Actions } from "../actions.ts";
import type { EndpointReview } from "../endpoints/review.ts";
import { settings } from "../vscode/settings.ts";
import { PageWatch } from "./pageWatch.ts";
import { panelHtml } from "./panelHtml.ts";

export interface SettingsPanelDependencies {
  extensionUri: vscode.Uri;
  actions: Actions;
  review: EndpointReview;
  view: () => View;
  /** Everything that can change the view. */
  changes: readonly ((listener: () => void) => Disposable)[];
  showLog: () => void;
  /** A person begins to look at the panel. */
  onLook: () => void;
  /** A person asks how much of the plan is used by now. */
  onReadUsage: () => void;
  /** VS Code shows the panel, and does not load its page. */
  onNotLoaded: () => void;
  clock: Clock;
  log: Logger;
}

/**
 * The settings panel: one editor tab, shown again when it is open already. Its page may be loaded, hidden, reloaded or
 * closed at any moment, and a message to it may be lost: the page asks for the view until it has one, every question is
 * answered, and a view that could not be sent goes with the next opportunity.
 */
export class SettingsPanel {
  readonly #dependencies: SettingsPanelDependencies;
  #panel: vscode.WebviewPanel | undefined;
  /** How many times a view was to be sent, and the last of these that arrived. */
  #due = 0;
  #delivered = 0;
  /** Why the last view was not sent, so that the same is not logged at each try. */
  #complaint: string | undefined;

  constructor(parts: SettingsPanelDependencies) {
    this.#dependencies = parts;
  }

  get visible(): boolean {
    return this.#panel?.visible === true;
  }

  show(): void {
    if (this.#panel) {
      this.#panel.reveal();
      this.#update(this.#panel);
      return;
    }
    const folder = vscode.Uri.joinPath(this.#dependencies.extensionUri, "dist", "webview");
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
    try {
      this.#fill(panel, folder);
    } catch (error) {
      // The next command makes another, instead of showing this one again.
      panel.dispose();
      throw error;
    }
  }

  #fill(panel: vscode.WebviewPanel, folder: vscode.Uri): void {
    const watch = new PageWatch(this.#dependencies.clock, () => {
      this.#dependencies.log.warn("VS Code shows the panel and has not loaded its page.");
      this.#dependencies.onNotLoaded();
    });
    const subscriptions: Disposable[] = [watch];
    let wasVisible = panel.visible;
    panel.onDidDispose(() => {
      if (this.#panel === panel) this.#panel = undefined;
      for (const subscription of subscriptions) subscription.dispose();
    });
    panel.iconPath = vscode.Uri.joinPath(this.#dependencies.extensionUri, "media", "icon.png");
    subscriptions.push(
      panel.webview.onDidReceiveMessage((message) => {
        watch.spoke();
        this.#receive(message, panel);
      }),
      panel.onDidChangeViewState(() => {
        const isShown = panel.visible && (!wasVisible || this.#isOwed);
        wasVisible = panel.visible;
        if (panel.visible) watch.shown();
        else watch.hidden();
        if (isShown) void this.#send(panel);
      }),
      ...this.#dependencies.changes.map((change) => change(() => this.#update(panel))),
    );
    const at = (file: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
    panel.webview.html = panelHtml({
      cspSource: panel.webview.cspSource,
      style: at("main.css"),
      script: at("main.js"),
    });
    if (panel.visible) watch.shown();
  }

  /** A view has not arrived, as far as is known. */
  get #isOwed(): boolean {
    return this.#delivered < this.#due;
  }

  /** Something changed. VS Code keeps messages for a hidden page, so that one gets the view when it is shown. */
  #update(panel: vscode.WebviewPanel): void {
    if (panel.visible) void this.#send(panel);
    else this.#due += 1;
  }

  /** Sends the view as it is now. Never throws. */
  async #send(panel: vscode.WebviewPanel): Promise<void> {
    this.#due += 1;
    const turn = this.#due;
    try {
      const arrived = await panel.webview.postMessage(this.#dependencies.view());
      if (!arrived) return this.#complain(panel, "its page was not there");
      this.#delivered = Math.max(this.#delivered, turn);
      this.#complaint = undefined;
    } catch (error) {
      this.#complain(panel, describeError(error));
    }
  }

  #complain(panel: vscode.WebviewPanel, why: string): void {
    if (this.#panel !== panel || this.#complaint === why) return;
    this.#complaint = why;
    this.#dependencies.log.warn(`The panel was not told of the current state, and will be when it can be: ${why}`);
  }

  #receive(message: unknown, panel: vscode.WebviewPanel): void {
    const intent = intentSchema.safeParse(message);
    if (!intent.success) {
      this.#dependencies.log.debug("The panel sent a message that is not known; it was dropped.");
      return;
    }
    if (intent.data.type === "ready") {
      void this.#send(panel);
      void this.#attempt(() => this.#dependencies.onLook());
      return;
    }
    // Whoever can press a button is there.
    if (this.#isOwed) void this.#send(panel);
    const { data } = intent;
    void this.#attempt(() => this.#act(data));
  }

  async #attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#dependencies.log.error(`What the panel asked for failed: ${describeError(error)}`);
    }
  }

  /** An account that the panel shows beside the active one: no other can be named by it. */
  #isShown(id: string): boolean {
    return this.#dependencies.view().otherAccounts?.some((account) => account.id === id) === true;
  }

  #act(intent: Exclude<Intent, { type: "ready" }>): unknown {
    const { actions } = this.#dependencies;
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
        return this.#isShown(intent.id) && actions.switchAccount(intent.id);
      case "signOutAccount":
        return this.#isShown(intent.id) && actions.signOut(intent.id);
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
      case "reviewEndpoints":
        return this.#dependencies.review.review();
      case "readUsage":
        return this.#dependencies.onReadUsage();
      case "showLog":
        return this.#dependencies.showLog();
    }
  }
}
