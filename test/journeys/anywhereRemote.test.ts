import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import {
  assertOver,
  endOfSignIn,
  enterCode,
  huntedOf,
  paste,
  pressLink,
  progress,
  shownCode,
  signedIn,
  signInCommand,
  useDeviceIssuer,
} from "../support/anywhereJourney.ts";
import { launchBrowser } from "../support/browser.ts";
import { settingsFor } from "../support/signInJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

describe("signing in with a browser that cannot reach the listener", () => {
  const issuer = useDeviceIssuer();
  /** A browser on another computer: what it calls localhost is not where VS Code runs, and nobody answers there. */
  let elsewhere: Browser;
  let workbench: Workbench;

  before(async () => {
    elsewhere = await launchBrowser(["--host-resolver-rules=MAP localhost 127.0.0.99"]);
  });
  after(() => elsewhere?.close());

  describe("and calls the server by its address", () => {
    const vscode = useVscode(() => ({ settings: settingsFor(issuer()), browser: elsewhere, hunted: huntedOf(issuer) }));

    it("completes by pasting the address that the browser could not open", async () => {
      workbench = await vscode.openWorkbench();
      const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
      const address = await endOfSignIn(tab);
      assert.match(address, /^http:\/\/localhost:1455\/auth\/callback\?/);
      await pressLink(workbench, "Paste address");
      await workbench.awaitQuickInput("Paste Redirect Address");
      await workbench.fillQuickInput(new URL(address).searchParams.get("code") ?? "", { accept: false });
      await eventually(
        async () => assert.match((await workbench.quickInputMessage.textContent()) ?? "", /A code alone isn't enough/),
        patience,
      );
      await paste(workbench, address);
      await workbench.awaitNotification(signedIn);
      await assertOver(workbench);
    });
  });

  describe("and calls the server by another name", () => {
    const vscode = useVscode(() => ({
      settings: settingsFor(issuer()),
      browser: elsewhere,
      host: "code.localhost",
      sharedWindow: true,
      hunted: huntedOf(issuer),
    }));

    it("begins with a device code where localhost is not the server", async () => {
      workbench = await vscode.openWorkbench();
      await workbench.runCommand(signInCommand);
      await enterCode(workbench);
      await workbench.awaitNotification(signedIn);
      assert.equal(issuer().recordsOf("codeExchange").at(-1)?.redirectUri, `${issuer().issuer}/deviceauth/callback`);
    });

    it("signs in by pasting where localhost is not the server", async () => {
      workbench = await vscode.openWorkbench();
      await workbench.runCommand(signInCommand);
      await shownCode(workbench);
      const tab = await workbench.opening(() => pressLink(workbench, "Paste address"));
      await paste(workbench, await endOfSignIn(tab));
      await workbench.awaitNotification(signedIn);
      assert.equal(issuer().recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1455/auth/callback");
    });

    it("says how to forward the port when the browser flow is preferred there", async () => {
      workbench = await vscode.openWorkbench();
      await workbench.updateSettings({ "chatgptSignIn.preferredFlow": "browser" });
      await workbench.opening(() => workbench.runCommand(signInCommand));
      await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
      const panel = await workbench.webview(".tunnel");
      assert.match(
        (await panel.locator(".tunnel code").textContent()) ?? "",
        /^ssh -L 1455:localhost:1455 code\.localhost$/,
      );
      await workbench.pressNotificationButton(progress, "Cancel");
      await assertOver(workbench);
    });
  });
});
