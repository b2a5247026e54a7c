import assert from "node:assert/strict";
import type { Browser, BrowserContext, BrowserContextOptions, Locator } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import { openPanel, type PanelPage, wordsOf } from "./panelPage.ts";
import { type PanelServer, startPanelServer } from "./panelServer.ts";

/** One server and one browser, for all files that test the panel. */
let shared: Promise<{ server: PanelServer; browser: Browser }> | undefined;

async function start(): Promise<{ server: PanelServer; browser: Browser }> {
  const server = await startPanelServer();
  return { server, browser: await launchBrowser() };
}

after(async () => {
  const started = await shared;
  await started?.browser.close();
  await started?.server.close();
});

/** The panel under test. */
export interface PanelUnderTest extends PanelPage {
  readonly server: PanelServer;
  /** A fresh profile in the same browser, closed by whoever opened it. */
  newContext(options: BrowserContextOptions): Promise<BrowserContext>;
  /** What the panel reads. */
  text(): Promise<string>;
  press(key: string): Promise<void>;
  button(name: string): Locator;
}

/**
 * Opens a fresh panel before each test of the suite it is called in, and afterwards checks that nothing was written on
 * the console and that the policy stopped nothing.
 */
export function usePanel(): () => PanelUnderTest {
  let context: BrowserContext;
  let panel: PanelUnderTest;

  before(async () => {
    shared ??= start();
    const { server, browser } = await shared;
    context = await browser.newContext({ viewport: { width: 900, height: 700 }, locale: "en-US" });
    const opened = await openPanel(context, server);
    panel = {
      ...opened,
      server,
      newContext: (options) => browser.newContext(options),
      text: () => wordsOf(opened.page.locator("main")),
      press: (key) => opened.page.keyboard.press(key),
      button: (name) => opened.page.getByRole("button", { name, exact: true }),
    };
  });

  beforeEach(() => panel.load("Dark 2026"));

  afterEach(async () => assert.deepEqual(await panel.complaints(), []));

  after(() => context?.close());

  return () => panel;
}
