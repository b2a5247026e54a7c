import type { Page } from "playwright-core";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { demoAccount, signedInAs, signInOnLoginPage } from "./loginPage.ts";
import { trustedHost, useVscode, type Vscode, type VscodeOptions } from "./useVscode.ts";
import type { Workbench } from "./workbench.ts";

/**
 * A VS Code and a test issuer that its settings name, for the tests of the surrounding `describe`. After each of them, the
 * issuer's secrets are nowhere but where they belong.
 * @param more further options, called when the issuer runs
 */
export function useVscodeWithIssuer(
  more: (issuer: TestIssuer) => VscodeOptions | Promise<VscodeOptions> = () => ({}),
): {
  vscode: Vscode;
  issuer: () => TestIssuer;
} {
  let issuer: TestIssuer | undefined;
  const current = () => {
    if (!issuer) throw new Error("The issuer has not been started yet");
    return issuer;
  };
  const vscode = useVscode(async () => {
    // Not named localhost, so that the browser gets exactly the URL that the extension built.
    const started = await startIssuer({ host: trustedHost });
    issuer = started;
    const options = await more(started);
    const hunted = { secrets: () => started.secrets() };
    return { hunted, ...options, settings: { ...settingsFor(started), ...options.settings } };
  });
  after(() => issuer?.close());
  afterEach(() => issuer?.faults.clear());
  return { vscode, issuer: current };
}

/** The user settings that point the extension at this issuer. */
export function settingsFor(issuer: TestIssuer): Record<string, string> {
  return {
    "chatgptSignIn.issuer": issuer.issuer,
    "chatgptSignIn.apiBaseUrl": issuer.apiBaseUrl,
    "chatgptSignIn.chatgptBaseUrl": issuer.chatgptBaseUrl,
  };
}

/** Signs in from the palette, as a person does; resolves with the browser's tab at its last page. */
export async function signInFromPalette(workbench: Workbench, account = demoAccount): Promise<Page> {
  const page = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
  await signInOnLoginPage(page, account);
  await page.waitForURL("**/success");
  await workbench.awaitNotification(signedInAs(account));
  return page;
}
