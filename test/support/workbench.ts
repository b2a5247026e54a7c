import type { BrowserContext, Frame, Locator, Page } from "playwright-core";
import type { CodeServer } from "./codeServer.ts";
import { QuickInputWindow } from "./quickInput.ts";
import { eventually, patience } from "./timing.ts";

/** The built-in colour themes, and the class that each gives the workbench. */
const themeClasses = {
  "Default Light Modern": "light_modern",
  "Default Dark Modern": "dark_modern",
  "Default High Contrast": "hc_black",
  "Default High Contrast Light": "hc_light",
} as const;

/**
 * Runs in the window. The tests' service is not OpenAI's, so the extension asks before it sends a credential there; this
 * person allows it.
 */
const allowService = `setInterval(() => {
  for (const dialog of document.querySelectorAll(".monaco-dialog-box")) {
    if (!/Send your (ChatGPT credential|OpenAI API key) to /.test(dialog.textContent)) continue;
    for (const button of dialog.querySelectorAll(".dialog-buttons .monaco-button")) {
      if (button.textContent === "Allow") button.click();
    }
  }
}, 100);`;

/** The setting that `updateSettings` toggles; no test is about it. */
export const toggledSetting = "editor.minimap.enabled";

/** A colour theme that every VS Code has. */
export type Theme = keyof typeof themeClasses;

/** A VS Code window as a person sees it. Every method waits for what it needs; none sleeps. */
export class Workbench extends QuickInputWindow {
  readonly server: CodeServer;

  private constructor(page: Page, server: CodeServer) {
    super(page);
    this.server = server;
  }

  /**
   * Opens a window. Two windows of one context share storage and secrets, and have an extension host each.
   * @param folder that the window shows
   * @param answers whether to allow credentials to be sent to the service in the settings, or to leave that to the test
   */
  static async open(
    context: BrowserContext,
    server: CodeServer,
    {
      folder,
      answers = "allowsService",
    }: { folder?: string | undefined; answers?: "allowsService" | "leftToTest" } = {},
  ): Promise<Workbench> {
    const workbench = new Workbench(await context.newPage(), server);
    if (answers === "allowsService") await workbench.page.addInitScript(allowService);
    const query = folder === undefined ? "" : `?folder=${encodeURIComponent(folder)}`;
    await workbench.page.goto(`${server.origin}/${query}`);
    await workbench.shown();
    return workbench;
  }

  /** A second window of the same person. */
  async openAnotherWindow(): Promise<Workbench> {
    return Workbench.open(this.page.context(), this.server);
  }

  /** Reloads the window: a new extension host, the same storage. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.shown();
  }

  private async shown(): Promise<void> {
    await this.page.locator(".monaco-workbench .statusbar-item").first().waitFor();
    // Before that, the palette has no commands of extensions, and an open palette is not updated.
    await this.awaitMark("code/didLoadExtensions");
  }

  /** Waits until VS Code has started its parts that come after the window is shown. */
  async awaitLateParts(): Promise<void> {
    await this.awaitMark("code/didCreateWorkbenchContributions/3");
  }

  /** Waits for a performance mark of VS Code's start. */
  private async awaitMark(name: string): Promise<void> {
    await this.page.waitForFunction(`performance.getEntriesByName(${JSON.stringify(name)}).length > 0`, undefined, {
      polling: 100,
    });
  }

  // Notifications

  /** The notifications on screen that contain `text`: an error, a warning, a message or progress. */
  notification(text: string | RegExp): Locator {
    return this.page.locator(".notification-list-item:visible").filter({ hasText: text });
  }

  /** Waits for a notification that contains `text` and returns its sentence. */
  async awaitNotification(text: string | RegExp, limit = patience): Promise<string> {
    const found = this.notification(text).first();
    return eventually(async () => {
      try {
        await found.waitFor({ timeout: 1000 });
        return (await found.locator(".notification-list-item-message").textContent({ timeout: 1000 })) ?? "";
      } catch (error) {
        // VS Code hides a toast after 10 s, and the fourth within 800 ms at once; then the bell has a dot.
        const bell = this.page.locator("#status\\.notifications:has(.codicon-bell-dot)");
        if (await bell.isVisible()) await bell.locator("a").press("Enter");
        throw error;
      }
    }, limit);
  }

  /** Presses a button of the notification that contains `text`. */
  async pressNotificationButton(text: string | RegExp, button: string): Promise<void> {
    await eventually(async () => {
      await this.awaitNotification(text);
      // By keyboard: a toast moves when another one arrives, and a click would land on the wrong one. It may also go.
      const found = this.notification(text).first().getByRole("button", { name: button, exact: true });
      await found.press("Enter", { timeout: 5000 });
    }, patience);
  }

  /**
   * The sentences of all notifications on screen, newest first, but for the one that VS Code shows when it notices the
   * sign-in's listener, which it does after some seconds or not at all.
   */
  async notificationTexts(): Promise<string[]> {
    const messages = this.page.locator(".notification-list-item:visible .notification-list-item-message");
    return (await messages.allInnerTexts()).filter((text) => !text.includes("See all forwarded ports"));
  }

  /** Removes every notification, so that a test sees only new ones. */
  async clearNotifications(): Promise<void> {
    await this.runCommand("Notifications: Clear All Notifications");
    await this.page.locator(".notification-list-item:visible").first().waitFor({ state: "hidden" });
  }

  // Modal dialogs

  /** The modal dialog, when one is open. */
  get dialog(): Locator {
    return this.page.locator(".monaco-dialog-box");
  }

  /** Waits for a modal dialog that contains `text` and presses one of its buttons; returns what it said. */
  async answerDialog(text: string | RegExp, button: string): Promise<string> {
    await this.toFront();
    const dialog = this.dialog.filter({ hasText: text });
    await dialog.waitFor();
    const said = (await dialog.locator(".dialog-message-container").allInnerTexts()).join("\n");
    await dialog.locator(".dialog-buttons").getByRole("button", { name: button, exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    return said;
  }

  // Webviews

  /** The innermost frame that shows something matching `selector`. */
  async webview(selector: string, limit = patience): Promise<Frame> {
    await this.toFront();
    return eventually(async () => {
      for (const frame of this.page.frames()) {
        if (frame === this.page.mainFrame()) continue;
        // A frame may go away while it is asked.
        if (
          await frame
            .locator(selector)
            .first()
            .isVisible()
            .catch(() => false)
        )
          return frame;
      }
      throw new Error(`No webview shows ${selector}`);
    }, limit);
  }

  // Accounts menu, status bar, theme

  /** Opens the Accounts menu and returns its entries, top to bottom; it stays open. */
  async openAccountsMenu(): Promise<string[]> {
    await this.toFront();
    const items = this.page.locator(".monaco-menu .action-item .action-label:not(.separator)");
    return eventually(async () => {
      await this.page
        .locator(".activitybar")
        .getByRole("button", { name: /^Accounts/ })
        .click();
      await items.first().waitFor({ timeout: 1000 });
      const entries = await items.allInnerTexts();
      // A webview that is still loading takes the focus, and the menu closes.
      if (entries.length === 0) throw new Error("The Accounts menu has closed");
      return entries;
    }, patience);
  }

  /** Waits until the entries of the Accounts menu pass `assertion`, and closes it. They are updated by an event. */
  async awaitAccountsMenu(assertion: (entries: string[]) => void): Promise<void> {
    await eventually(async () => {
      const entries = await this.openAccountsMenu();
      await this.page.keyboard.press("Escape");
      await this.page.locator(".monaco-menu").first().waitFor({ state: "detached", timeout: 5000 });
      assertion(entries);
    }, patience);
  }

  /** Presses an entry of the menu that is open; a submenu opens by hovering over its entry, as a person does. */
  async chooseInMenu(...path: string[]): Promise<void> {
    for (const [index, label] of path.entries()) {
      const item = this.page.locator(".monaco-menu .action-item").filter({ hasText: label }).last();
      await item.hover();
      // A menu takes no clicks in its first moments, but keys.
      if (index === path.length - 1) await item.locator(".action-menu-item").press("Enter");
    }
  }

  /** The status bar's items that contain `text`. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator(".statusbar-item").filter({ hasText: text });
  }

  /** Changes user settings, `undefined` taking one away, and makes this window read them. */
  async updateSettings(change: Readonly<Record<string, unknown>>): Promise<void> {
    this.server.updateSettings(change);
    // code-server does not notice a change of the file: it watches it under another URI than it reads it. Writing a
    // VS Code setting from the window makes it read all of them again.
    const before = this.server.readSettings()[toggledSetting];
    const isWritten = () => {
      if (this.server.readSettings()[toggledSetting] === before) throw new Error("The settings were not written");
    };
    // VS Code refuses to write a file that has changed since it read it, and reads it again then.
    await eventually(async () => {
      await this.runCommand("View: Toggle Minimap");
      await eventually(isWritten, 10_000);
    }, patience);
  }

  /** Switches the colour theme and waits until the window has it. */
  async setTheme(theme: Theme): Promise<void> {
    await this.updateSettings({ "workbench.colorTheme": theme, "window.autoDetectColorScheme": false });
    await this.page.locator(`.monaco-workbench[class*="${themeClasses[theme]}"]`).waitFor();
  }

  // Browser

  /** Does `action` and returns the browser tab it opens (openExternal). */
  async opening(action: () => Promise<unknown>, limit = patience): Promise<Page> {
    const [page] = await Promise.all([this.page.context().waitForEvent("page", { timeout: limit }), action()]);
    return page;
  }

  /** Writes a PNG of the window. */
  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path, animations: "disabled" });
  }
}
