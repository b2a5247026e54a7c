import type { BrowserContext, Frame, Locator, Page } from "playwright-core";
import type { CodeServer } from "./codeServer.ts";
import { eventually, patience } from "./timing.ts";

/** The id of a built-in colour theme, with the class its workbench carries. */
const themeClasses = {
  "Default Light Modern": "light_modern",
  "Default Dark Modern": "dark_modern",
  "Default High Contrast": "hc_black",
  "Default High Contrast Light": "hc_light",
} as const;

/**
 * Runs in the window: the tests' service is not OpenAI's, so the extension asks before it sends a credential there.
 * This person has put it into the settings themselves, and allows it.
 */
const allowService = `setInterval(() => {
  for (const dialog of document.querySelectorAll(".monaco-dialog-box")) {
    if (!/Send your (ChatGPT credential|OpenAI API key) to /.test(dialog.textContent)) continue;
    for (const button of dialog.querySelectorAll(".dialog-buttons .monaco-button")) {
      if (button.textContent === "Allow") button.click();
    }
  }
}, 100);`;

/** What `updateSettings` toggles, a setting that no test is about. */
export const toggledSetting = "editor.minimap.enabled";

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A colour theme that every VS Code has. */
export type Theme = keyof typeof themeClasses;

/** One VS Code window, as a person sees it. Every method waits for what it needs; none sleeps. */
export class Workbench {
  readonly page: Page;
  readonly server: CodeServer;

  private constructor(page: Page, server: CodeServer) {
    this.page = page;
    this.server = server;
  }

  /**
   * Opens a window. Two windows of one context share storage and secrets, and have an extension host each.
   * @param folder that the window shows
   * @param answers whether the person may send a credential to the service in the settings, or leaves that to the test
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

  /** Brings the window before the other tabs: a tab in the background paints nothing, so nothing in it can be clicked. */
  async toFront(): Promise<void> {
    await this.page.bringToFront();
  }

  private async shown(): Promise<void> {
    await this.page.locator(".monaco-workbench .statusbar-item").first().waitFor();
    // Before, the palette has no command of an extension; and it does not follow while it is open.
    await this.awaitMark("code/didLoadExtensions");
  }

  /** Waits until VS Code has started those of its own parts that come after the window is shown. */
  async awaitLateParts(): Promise<void> {
    await this.awaitMark("code/didCreateWorkbenchContributions/3");
  }

  /** Waits for a moment of VS Code's start that it marks itself. */
  private async awaitMark(name: string): Promise<void> {
    await this.page.waitForFunction(`performance.getEntriesByName(${JSON.stringify(name)}).length > 0`, undefined, {
      polling: 100,
    });
  }

  // Command palette

  /** Runs a command by its whole title in the palette, `Category: Title`. Waits until the palette offers it. */
  async runCommand(title: string): Promise<void> {
    await eventually(async () => {
      await this.searchPalette(title);
      try {
        // The list does not follow what appears while it is open, so look for a while and open it again.
        await this.quickInputRow(title).waitFor({ timeout: 5000 });
        // Whatever takes the focus meanwhile, such as a panel that has loaded, closes the palette.
        await this.pick(title, 10_000);
      } catch (error) {
        await this.closeQuickInput();
        throw error;
      }
    }, patience);
  }

  /** The titles in the palette that contain `text`, regardless of case, in their order. */
  async paletteEntries(text: string): Promise<string[]> {
    await this.searchPalette(text);
    let last: string | undefined;
    const labels = await eventually(async () => {
      const found = await this.quickInputLabels();
      const unchanged = JSON.stringify(found) === last;
      last = JSON.stringify(found);
      if (!unchanged || found.length === 0) throw new Error("The palette's list is still changing");
      return found;
    }, patience);
    await this.closeQuickInput();
    return labels.filter((label) => label.toLowerCase().includes(text.toLowerCase()));
  }

  private async searchPalette(text: string): Promise<void> {
    await this.toFront();
    await eventually(async () => {
      // Not by F1, which lists every command before the first letter is typed: that takes three times the work.
      await this.page.keyboard.press("ControlOrMeta+p");
      try {
        await this.quickInput.waitFor({ timeout: 5000 });
        await this.quickInputField.fill(`>${text}`, { timeout: 5000 });
      } catch (error) {
        // What was there may have been one that was just closing.
        if (await this.quickInput.isVisible()) await this.closeQuickInput();
        throw error;
      }
    }, patience);
  }

  // Quick input and quick pick

  /** The quick input or quick pick, when one is open. */
  get quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible");
  }

  /** The text field of the quick input; `getAttribute("type")` is `password` for a password input. */
  get quickInputField(): Locator {
    return this.quickInput.locator(".quick-input-box input");
  }

  /** The sentence under the text field: the prompt or a validation message. */
  get quickInputMessage(): Locator {
    return this.quickInput.locator(".quick-input-message");
  }

  /** Waits for a quick input whose title, prompt or placeholder contains `text`. */
  async awaitQuickInput(text: string): Promise<void> {
    await this.toFront();
    await eventually(async () => {
      const placeholder = (await this.quickInputField.getAttribute("placeholder", { timeout: 1000 })) ?? "";
      const shown = `${await this.quickInput.allInnerTexts()}\n${placeholder}`;
      if (!shown.includes(text)) throw new Error(`No quick input says "${text}", but:\n${shown}`);
    }, patience);
  }

  /** Types into the quick input, replacing what is there, and accepts it unless told not to. */
  async fillQuickInput(text: string, { accept = true } = {}): Promise<void> {
    await this.quickInputField.fill(text);
    if (accept) await this.quickInputField.press("Enter");
  }

  /** Presses a button in the title bar or beside the field of the quick input, by its tooltip. */
  async pressQuickInputButton(name: string): Promise<void> {
    await this.quickInput.locator(`[role=button][aria-label="${name}"], [role=checkbox][aria-label="${name}"]`).click();
  }

  /** The labels the quick pick shows now. */
  async quickInputLabels(): Promise<string[]> {
    return this.quickInput.locator(".monaco-list-row .quick-input-list-row:first-child .label-name").allInnerTexts();
  }

  /** The row of the quick pick with exactly this label. */
  quickInputRow(label: string): Locator {
    // The whole label: what is typed in the palette is marked in each label that has it, and the mark is an element, too.
    const whole = new RegExp(`^\\s*${label.split(/\s+/).map(escaped).join("\\s+")}\\s*$`);
    const name = this.page.locator(".label-name", { hasText: whole });
    return this.quickInput.locator(".quick-input-list .monaco-list-row").filter({ has: name }).first();
  }

  /**
   * Picks a row of the quick pick by its label. By keyboard: under the mouse a row shows a tooltip, which may come to lie
   * where the click goes.
   */
  async pick(label: string, limit = patience): Promise<void> {
    await this.toFront();
    const row = this.quickInputRow(label);
    let last: string | undefined;
    const step = Math.min(limit, 5000);
    await eventually(async () => {
      const focused = /\bfocused\b/.test((await row.getAttribute("class", { timeout: step })) ?? "");
      const labels = (await this.quickInputLabels()).join("\n");
      const unchanged = labels === last;
      last = labels;
      if (unchanged && !focused) await this.quickInputField.press("ArrowDown", { timeout: step });
      if (!unchanged || !focused) throw new Error(`"${label}" is not chosen in:\n${labels}`);
    }, limit);
    await this.quickInputField.press("Enter", { timeout: step });
  }

  /** Closes the quick input with Escape. */
  async closeQuickInput(): Promise<void> {
    await eventually(async () => {
      await this.page.keyboard.press("Escape");
      await this.quickInput.waitFor({ state: "hidden", timeout: 1000 });
    }, patience);
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

  /** The sentences of all notifications on screen, newest first. */
  async notificationTexts(): Promise<string[]> {
    return this.page.locator(".notification-list-item:visible .notification-list-item-message").allInnerTexts();
  }

  /** Removes every notification, so that a test sees only those of its own. */
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

  /** Waits until the entries of the Accounts menu satisfy `assertion`; it is closed again. They come with an event. */
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
    // setting of VS Code's own from the window makes it read all of them again.
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

  /** Switches the colour theme and waits until the window wears it. */
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
