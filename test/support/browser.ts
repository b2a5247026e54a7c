import { type Browser, type BrowserContext, chromium } from "playwright-core";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureChromium } from "../../scripts/lib/toolchain.mjs";
import { patience } from "./timing.ts";
import { settleWebviewWorkers } from "./webviewWorker.ts";

/**
 * Launches Chromium; one per suite is enough, a person is a `newPerson()` of it. Set HEADED to watch it.
 * @param args further switches, for a browser elsewhere in the network
 */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: ensureChromium(),
    headless: !process.env.HEADED,
    args: [
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Journeys use several windows, and Chromium would slow down those in the background.
      "--disable-renderer-backgrounding",
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      ...args,
    ],
  });
}

/** A fresh browser profile: its own cookies, storage and therefore its own SecretStorage. */
export async function newPerson(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(patience);
  await settleWebviewWorkers(context);
  return context;
}
