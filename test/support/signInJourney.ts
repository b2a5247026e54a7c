import type { Page } from "playwright-core";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import type { CodeServerOptions } from "./codeServer.ts";
import { demoAccount, signInOnLoginPage } from "./loginPage.ts";
import { useVscode, type Vscode } from "./useVscode.ts";
import type { Workbench } from "./workbench.ts";

/**
 * A VS Code whose settings point at an issuer of its own, for the tests of the `describe` it is called in.
 * @param more further options of the server, made when the issuer runs
 */
export function useVscodeWithIssuer(more: (issuer: TestIssuer) => CodeServerOptions = () => ({})): {
  vscode: Vscode;
  issuer: () => TestIssuer;
} {
  let issuer: TestIssuer | undefined;
  const current = () => {
    if (!issuer) throw new Error("The issuer has not been started yet");
    return issuer;
  };
  const vscode = useVscode(async () => {
    // Not called localhost, so that the browser sees the very URL that the extension built.
    issuer = await startIssuer({ host: "127.0.0.2" });
    const options = more(issuer);
    return {
      ...options,
      settings: {
        "chatgptSignIn.issuer": issuer.issuer,
        "chatgptSignIn.apiBaseUrl": issuer.apiBaseUrl,
        "chatgptSignIn.chatgptBaseUrl": issuer.chatgptBaseUrl,
        ...options.settings,
      },
      trustedDomains: [issuer.origin],
    };
  });
  after(() => issuer?.close());
  afterEach(() => issuer?.faults.clear());
  return { vscode, issuer: current };
}

/** Signs in from the palette, as a person does; resolves with the browser's tab, which shows its last page. */
export async function signInFromPalette(workbench: Workbench, account = demoAccount): Promise<Page> {
  const page = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"), 60_000);
  await signInOnLoginPage(page, account);
  await page.waitForURL("**/success");
  await workbench.awaitNotification("You are signed in with ChatGPT.");
  return page;
}
