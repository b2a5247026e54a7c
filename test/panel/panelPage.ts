import type { BrowserContext, Locator, Page } from "playwright-core";
import type { Intent } from "../../src/shared/panelProtocol.ts";
import type { PanelServer } from "./panelServer.ts";
import type { ThemeName } from "./themes.ts";

/** Runs before the panel's script: what VS Code gives to a webview, and a record of what the policy stopped. */
const host = `
  window.intents = [];
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(event.violatedDirective + " " + event.blockedURI);
  });
  let acquired = false;
  window.acquireVsCodeApi = () => {
    if (acquired) throw new Error("An instance of the VS Code API has already been acquired");
    acquired = true;
    const postMessage = (message) => {
      if (window.failingPosts > 0) {
        window.failingPosts -= 1;
        throw new Error("not yet");
      }
      window.intents.push(structuredClone(message));
    };
    return { postMessage, getState() {}, setState() {} };
  };`;

/** An open panel, and what it posted. */
export interface PanelPage {
  readonly page: Page;
  /** Loads the panel again in a theme, and forgets earlier complaints. */
  load(theme: ThemeName): Promise<void>;
  /** Sends a message to the panel, as the extension would, and waits until the panel has drawn. */
  send(message: unknown): Promise<void>;
  /** The intents posted since the last call. */
  intents(): Promise<Intent[]>;
  /** The accessible name of what has the focus. */
  focused(): Promise<string>;
  /** Messages on the console, page errors, and what the policy stopped: there should be none. */
  complaints(): Promise<string[]>;
}

/** The visible text of a place. */
export async function wordsOf(place: Locator): Promise<string> {
  return (await place.allInnerTexts()).join("\n").trim();
}

/** Opens the panel in a browser page. */
export async function openPanel(
  context: BrowserContext,
  server: PanelServer,
  theme: ThemeName = "Dark 2026",
): Promise<PanelPage> {
  const page = await context.newPage();
  const heard: string[] = [];
  page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(String(error)));
  await page.addInitScript({ content: host });
  const load = async (shown: ThemeName) => {
    heard.length = 0;
    await page.goto(server.url(shown));
  };
  await load(theme);
  return {
    page,
    load,
    send: (message) =>
      page.evaluate(
        `new Promise((resolve) => {
          addEventListener("message", () => {
            document.querySelector("chatgpt-sign-in-panel").updateComplete.then(() => resolve());
          }, { once: true });
          postMessage(${JSON.stringify(message) ?? "undefined"}, "*");
        })`,
      ),
    intents: () => page.evaluate("window.intents.splice(0)"),
    focused: () =>
      page.evaluate(`(() => {
        const { activeElement: at } = document;
        return at.getAttribute("aria-label") ?? (at === document.body ? "" : at.textContent.trim());
      })()`),
    complaints: async () => [...heard, ...(await page.evaluate<string[]>("window.violations"))],
  };
}
