// npm run demo: a VS Code in the browser with the extension installed, and an issuer to sign in with; no account and no
// network needed. -- --real talks to OpenAI, --desktop uses the installed VS Code, --check signs in by itself and ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { launchBrowser, newPerson } from "../test/support/browser.ts";
import { type CodeServer, startCodeServer } from "../test/support/codeServer.ts";
import { startDesktopVscode } from "../test/support/desktopVscode.ts";
import { keepEvidence } from "../test/support/evidence.ts";
import { demoAccount, signInOnLoginPage } from "../test/support/loginPage.ts";
import { type Service, startService } from "../test/support/service.ts";
import { Workbench } from "../test/support/workbench.ts";
import { packageExtension } from "./package.ts";

const { values: options } = parseArgs({
  options: {
    real: { type: "boolean", default: false },
    desktop: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
// Before anything is started, so that Ctrl-C ends everything.
const interrupted = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
const cleanUps: (() => Promise<unknown>)[] = [];

try {
  const signal = await Promise.race([demo(), interrupted]);
  // An interrupted check has not passed.
  if (options.check && signal) process.exitCode = 1;
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}
process.exit();

async function demo(): Promise<void> {
  if (options.check && (options.real || options.desktop))
    throw new Error(
      "--check signs in with the embedded issuer, and in a browser only: leave out --real and --desktop.",
    );
  const vsix = await packageExtension();
  const service = options.real ? undefined : await startDemoService();
  // Otherwise Chat asks for a GitHub account.
  const settings = { ...service?.settings, ...(service && { "chat.allowAnonymousAccess": true }) };
  if (options.desktop) {
    const desktop = await startDesktopVscode(vsix, settings);
    cleanUps.push(desktop.stop);
    explain("VS Code opens with the extension installed.");
    await desktop.closed;
    return;
  }
  const loginPage = new URL(service?.issuer.issuer ?? "https://auth.openai.com").origin;
  const server = await startCodeServer({ vsix, settings, trustedDomains: [loginPage] });
  cleanUps.push(server.stop);
  if (options.check) return signInOnce(server);
  explain(`Open ${server.origin}`);
  openInBrowser(server.origin);
  await interrupted;
}

/** An issuer on an address of this computer that is not named localhost, which VS Code in the browser would proxy. */
async function startDemoService(): Promise<Service> {
  const service = await startService({ host: "127.0.0.2" }).catch(() => startService({ host: "127.0.0.1" }));
  cleanUps.push(() => service.close());
  return service;
}

function explain(where: string): void {
  say("");
  say(where);
  say('Press F1 and choose "ChatGPT: Sign in with ChatGPT"; "ChatGPT: Open ChatGPT Settings" shows the panel.');
  say('Then run "Chat: Open Chat": your models are in the model picker below the chat input.');
  if (!options.real) {
    say(
      "VS Code asks before a credential is sent to an address that isn't OpenAI's. This one is the demo's: choose Allow.",
    );
    say(`Sign in as ${demoAccount.email} with the password "${demoAccount.password}".`);
  }
  say("Press Ctrl-C to end the demo. It leaves nothing behind.");
}

/** Opens an address in the person's browser, where there is a display. */
function openInBrowser(address: string): void {
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", address]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", "", address]
        : ["xdg-open", address];
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  // The address has been printed, so a computer that cannot open it is no failure.
  if (command)
    spawn(command, args, { stdio: "ignore", detached: true })
      .on("error", () => undefined)
      .unref();
}

/** Does what a person would: signs in from the palette and looks for the account in the panel. */
async function signInOnce(server: CodeServer): Promise<void> {
  const browser = await launchBrowser();
  cleanUps.push(() => browser.close());
  const person = await newPerson(browser);
  try {
    const workbench = await Workbench.open(person, server);
    const page = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"), 60_000);
    await signInOnLoginPage(page, demoAccount);
    await page.waitForURL("**/success");
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    await workbench.webview(`text=${demoAccount.email}`);
  } catch (error) {
    await keepEvidence("demo", [person], server.logs());
    throw error;
  }
  say(`Signed in as ${demoAccount.email}: the demo works.`);
}
