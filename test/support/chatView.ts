import type { Locator } from "playwright-core";
import { eventually, patience } from "./timing.ts";
import type { Workbench } from "./workbench.ts";

/** VS Code's Chat, as a person uses it. */
export class ChatView {
  readonly #workbench: Workbench;

  private constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  /**
   * Turns on the built-in extension that VS Code's Chat needs, and waits until it is ready. VS Code otherwise turns it on
   * with the first question, and may answer that one with "Please try again." Only its log tells when it is ready.
   */
  static async setUp(workbench: Workbench): Promise<void> {
    await workbench.runCommand("Chat: Manage Language Models");
    const list = workbench.page.locator(".monaco-modal-editor-block");
    await list.waitFor();
    await eventually(() => {
      const log = workbench.server.newestLog("GitHub Copilot Chat.log");
      const said = log.match(/ConversationFeature: (?:Dea|A)ctivating contributions/g)?.at(-1) ?? "nothing";
      if (said !== "ConversationFeature: Activating contributions") throw new Error(`Chat is not ready: ${said}`);
    }, patience);
    await eventually(async () => {
      await workbench.page.keyboard.press("Escape");
      await list.waitFor({ state: "hidden", timeout: 1000 });
    }, patience);
  }

  static async open(workbench: Workbench): Promise<ChatView> {
    const view = new ChatView(workbench);
    await workbench.runCommand("Chat: Open Chat");
    await view.#input.waitFor();
    return view;
  }

  /** The button under the input that names the chosen model. */
  get modelPicker(): Locator {
    return this.#session.locator('[aria-label^="Models, "]').first();
  }

  /** The last answer, as far as it is written. */
  get answer(): Locator {
    return this.#session.locator(".interactive-response").last();
  }

  async pickModel(name: string): Promise<void> {
    const { page } = this.#workbench;
    await eventually(async () => {
      await this.modelPicker.click({ timeout: 5000 });
      try {
        // The picker shows only a few until it is searched.
        await page.locator(".action-widget input").fill(name, { timeout: 5000 });
        const entry = page.locator(".action-widget .monaco-list-row").filter({ hasText: name }).first();
        await entry.click({ timeout: 5000 });
      } catch (error) {
        await page.keyboard.press("Escape");
        throw error;
      }
      await this.#session.locator(`[aria-label^="Models, ${name}"]`).first().waitFor({ timeout: 5000 });
    }, patience);
  }

  async ask(question: string): Promise<void> {
    await this.#workbench.toFront();
    // Not by a click, because a notification may cover the field.
    await this.#input.locator("textarea, .native-edit-context").first().focus();
    await this.#workbench.page.keyboard.type(question);
    await this.#workbench.page.keyboard.press("Enter");
    await this.#session.locator(".interactive-request").filter({ hasText: question }).last().waitFor();
  }

  /** Waits until the answer contains `text`; returns the different texts that it had until then, in order. */
  async awaitAnswer(text: string, limit = patience): Promise<string[]> {
    const seen: string[] = [];
    await eventually(
      async () => {
        const now = (await this.answer.allInnerTexts()).join("\n").trim();
        if (now !== seen.at(-1)) seen.push(now);
        if (!now.includes(text)) throw new Error(`The answer is "${now}", not "${text}"`);
      },
      limit,
      20,
    );
    return seen;
  }

  /** Presses Stop. */
  async stop(): Promise<void> {
    await this.#session
      .getByRole("button", { name: /^Cancel \(/ })
      .first()
      .click();
  }

  /** Waits until nothing is being answered. */
  async idle(): Promise<void> {
    await this.#session
      .getByRole("button", { name: /^Cancel \(/ })
      .first()
      .waitFor({ state: "hidden" });
  }

  get #session(): Locator {
    return this.#workbench.page.locator(".interactive-session").first();
  }

  get #input(): Locator {
    return this.#session.locator(".interactive-input-part .monaco-editor").first();
  }
}
