import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { Page } from "playwright-core";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import type { Hunted } from "./leakHunt.ts";
import { demoAccount, signInOnLoginPage } from "./loginPage.ts";
import { eventually, patience } from "./timing.ts";
import { trustedHost } from "./useVscode.ts";
import type { Workbench } from "./workbench.ts";

export const signInCommand = "ChatGPT: Sign in with ChatGPT";
export const deviceCommand = "ChatGPT: Sign in with ChatGPT Using a Device Code";
export const pasteCommand = "ChatGPT: Paste Redirect Address";
export const progress = "Signing in with ChatGPT";
export const signedIn = "Signed in as ";

/** A program that listens on a port of the sign-in, as another login does. */
export async function occupy(port: number): Promise<{ paths: string[]; release: () => Promise<void> }> {
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.end("Login cancelled");
    if (request.url === "/cancel") server.close();
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const release = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { paths, release };
}

/** The port is free within a second. */
export async function assertFree(port: number): Promise<void> {
  await eventually(async () => (await occupy(port)).release(), 1_000);
}

/** Presses a link of the notification of the running sign-in. */
export async function pressLink(workbench: Workbench, name: string): Promise<void> {
  await workbench.awaitNotification(progress);
  await workbench.notification(progress).first().getByRole("link", { name, exact: true }).press("Enter");
}

/** The code that the panel shows. */
export async function shownCode(workbench: Workbench): Promise<string> {
  const panel = await workbench.webview(".device .code");
  return ((await panel.locator(".device .code").textContent()) ?? "").trim();
}

/** Enters the code on the page that the panel's button opens, and signs in there. */
export async function enterCode(workbench: Workbench): Promise<void> {
  const panel = await workbench.webview(".device .code");
  const code = await shownCode(workbench);
  const page = await workbench.opening(() => panel.getByRole("button", { name: "Open page" }).click());
  await page.locator("input[name=user_code]").fill(code);
  await page.locator("input[name=user_code]").press("Enter");
  await page.getByLabel("Email").waitFor();
  await signInOnLoginPage(page, demoAccount);
  await page.getByText("Device connected").waitFor();
  await page.close();
}

/** Signs in on the page and returns the address that the browser ends on, whether it can open it or not. */
export async function endOfSignIn(page: Page): Promise<string> {
  const last = page.waitForRequest(/\/auth\/callback\?/);
  await signInOnLoginPage(page, demoAccount);
  return (await last).url();
}

/** Pastes into the box that asks for the address. */
export async function paste(workbench: Workbench, address: string): Promise<void> {
  await workbench.awaitQuickInput("Paste Redirect Address");
  await workbench.fillQuickInput(address);
}

/** The sign-in is over: the notification is gone, and the port is free. */
export async function assertOver(workbench: Workbench): Promise<void> {
  // One that was brought forward may take a moment to go after the other.
  await eventually(async () => assert.equal(await workbench.notification(progress).count(), 0), patience);
  await assertFree(1455);
}

/** What no test may find afterwards but where it belongs; the device code is shown on purpose. */
export function huntedOf(issuer: () => TestIssuer): Hunted {
  return { secrets: () => issuer().secrets(), shown: ["user_code"] };
}

/** An issuer with device codes, for the tests of the surrounding `describe`. */
export function useDeviceIssuer(): () => TestIssuer {
  let issuer: TestIssuer | undefined;
  const current = () => {
    if (!issuer) throw new Error("The issuer has not been started yet");
    return issuer;
  };
  before(async () => {
    // Not named localhost, so that the browser gets exactly the URL that the extension built.
    issuer = await startIssuer({ host: trustedHost, device: { interval: 1 } });
  });
  after(() => issuer?.close());
  afterEach(() => {
    current().faults.clear();
    current().setDevice({ enabled: true });
  });
  return current;
}
