// node scripts/start.cjs scripts/screenshots.ts: takes the README's pictures of the settings panel, signed in, in
// light, dark and high contrast.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launchBrowser } from "../test/support/browser.ts";
import { startCodeServer } from "../test/support/codeServer.ts";
import { demoAccount, signedInAs, signInOnLoginPage } from "../test/support/loginPage.ts";
import { projectPath } from "../test/support/projectRoot.ts";
import { startService } from "../test/support/service.ts";
import { type Theme, Workbench } from "../test/support/workbench.ts";
import { packageExtension } from "./package.ts";

const pictures: Readonly<Record<string, Theme>> = {
  "panel-light": "Default Light Modern",
  "panel-dark": "Default Dark Modern",
  "panel-high-contrast": "Default High Contrast",
};
const folder = process.argv[2] ?? projectPath("docs", "images");

const vsix = await packageExtension();
const service = await startService({ host: "127.0.0.2" });
const settings = {
  "chatgptSignIn.issuer": service.issuer.issuer,
  "chatgptSignIn.apiBaseUrl": service.issuer.apiBaseUrl,
  "chatgptSignIn.chatgptBaseUrl": service.issuer.chatgptBaseUrl,
};
const server = await startCodeServer({ vsix, settings, trustedDomains: [service.issuer.origin] });
const browser = await launchBrowser();
try {
  await mkdir(folder, { recursive: true });
  const context = await browser.newContext({
    viewport: { width: 1000, height: 1180 },
    deviceScaleFactor: 1.5,
    reducedMotion: "reduce",
  });
  const workbench = await Workbench.open(context, server);
  const page = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"), 60_000);
  await signInOnLoginPage(page, demoAccount);
  await page.waitForURL("**/success");
  await page.close();
  await workbench.awaitNotification(signedInAs(demoAccount));
  await workbench.clearNotifications();
  await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
  const panel = await workbench.webview(`text=${demoAccount.email}`);
  await panel.getByText(/sk-….{4}/).waitFor();
  for (const [name, theme] of Object.entries(pictures)) {
    await workbench.setTheme(theme);
    await workbench.screenshot(join(folder, `${name}.png`));
  }
} finally {
  await browser.close();
  await server.stop();
  await service.close();
}
process.exit();
