import type { Locator, Page } from "playwright-core";
import { eventually, patience } from "./timing.ts";

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A VS Code window with its command palette and its quick picks. Every method waits for what it needs; none sleeps. */
export class QuickInputWindow {
  readonly page: Page;

  protected constructor(page: Page) {
    this.page = page;
  }

  /** Brings the window before the other tabs: a tab in the background paints nothing, so nothing in it can be clicked. */
  async toFront(): Promise<void> {
    await this.page.bringToFront();
  }

  // Command palette

  /** Runs a command by its whole title in the palette, `Category: Title`. Waits until the palette offers it. */
  async runCommand(title: string): Promise<void> {
    await eventually(async () => {
      await this.searchPalette(title);
      try {
        // An open list is not updated, so look for a while and open it again.
        await this.quickInputRow(title).waitFor({ timeout: 5000 });
        // A panel that has just loaded may take the focus, which closes the palette.
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
      // Not by F1, which lists every command first and takes three times as long.
      await this.page.keyboard.press("ControlOrMeta+p");
      try {
        await this.quickInput.waitFor({ timeout: 5000 });
        await this.quickInputField.fill(`>${text}`, { timeout: 5000 });
      } catch (error) {
        // It may have been a quick input that was closing.
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
    // The whole label, because the palette highlights matches in an element inside it.
    const whole = new RegExp(`^\\s*${label.split(/\s+/).map(escaped).join("\\s+")}\\s*$`);
    const name = this.page.locator(".label-name", { hasText: whole });
    return this.quickInput.locator(".quick-input-list .monaco-list-row").filter({ has: name }).first();
  }

  /**
   * Picks a row of the quick pick by its label. By keyboard, because a row under the mouse shows a tooltip, which may be
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
}
