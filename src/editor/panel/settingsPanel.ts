import * as vscode from "vscode";
import type { Clock } from "../../platform/clock.ts";
import type { Disposable } from "../../platform/disposables.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { intentSchema, type View } from "../../shared/panelProtocol.ts";
import { frameWords } from "../../shared/words/panelFrame.ts";
import type { RunAction } from "../actions.ts";
import { PageWatch } from "./pageWatch.ts";
import { panelHtml } from "./panelHtml.ts";

export interface SettingsPanelDependencies {
  extensionUri: vscode.Uri;
  run: RunAction;
  view: () => View;
  /** Everything that can change the view. */
  changes: readonly ((listener: () => void) => Disposable)[];
  /** A person begins to look at the panel. */
  onLook: () => void;
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
  /** The panel that gets a view at the end of this turn. */
  #sending: vscode.WebviewPanel | undefined;
  /** How many times a view was to be sent, and the last of these that arrived. */
  #due = 0;
  #delivered = 0;
  /** Why the last view was not sent, so that the same is not logged at each try. */
  #complaint: string | undefined;

  constructor(dependencies: SettingsPanelDependencies) {
    this.#dependencies = dependencies;
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
      frameWords.title(),
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
        watch.messageReceived();
        this.#receive(message, panel);
      }),
      panel.onDidChangeViewState(() => {
        const isShown = panel.visible && (!wasVisible || this.#isOwed);
        wasVisible = panel.visible;
        if (panel.visible) watch.shown();
        else watch.hidden();
        if (isShown) this.#sendSoon(panel);
      }),
      ...this.#dependencies.changes.map((change) => change(() => this.#update(panel))),
    );
    const at = (file: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
    panel.webview.html = panelHtml({
      cspSource: panel.webview.cspSource,
      style: at("main.css"),
      script: at("main.js"),
      language: vscode.env.language,
      texts: vscode.l10n.bundle,
    });
    if (panel.visible) watch.shown();
  }

  /** A view has not arrived, as far as is known. */
  get #isOwed(): boolean {
    return this.#delivered < this.#due;
  }

  /** Something changed. VS Code keeps messages for a hidden page, so that one gets the view when it is shown. */
  #update(panel: vscode.WebviewPanel): void {
    if (panel.visible) this.#sendSoon(panel);
    else this.#due += 1;
  }

  /** Sends the view when what runs now has run: several changes at once are one view. */
  #sendSoon(panel: vscode.WebviewPanel): void {
    if (this.#sending === panel) return;
    this.#sending = panel;
    queueMicrotask(() => {
      if (this.#sending === panel) this.#sending = undefined;
      if (this.#panel === panel) void this.#send(panel);
    });
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
    this.#dependencies.log.warn(
      `The panel does not show the current state; it is sent again at the next opportunity: ${why}`,
    );
  }

  #receive(message: unknown, panel: vscode.WebviewPanel): void {
    const intent = intentSchema.safeParse(message);
    if (!intent.success) {
      this.#dependencies.log.debug("The panel sent a message that is not known; it was dropped.");
      return;
    }
    if (intent.data.type === "ready") {
      this.#sendSoon(panel);
      void this.#attempt(() => this.#dependencies.onLook());
      return;
    }
    // Whoever presses a button sees the page.
    if (this.#isOwed) this.#sendSoon(panel);
    const { data } = intent;
    void this.#attempt(async () => {
      // It can name no account and no extension but those that it shows.
      if ("id" in data && !this.#isShown(data.id)) return;
      if ("row" in data && !this.#dependencies.view().extensions?.some(({ id }) => id === data.row)) return;
      await this.#dependencies.run(data);
    });
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
}
