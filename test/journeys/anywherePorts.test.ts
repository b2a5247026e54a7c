import assert from "node:assert/strict";
import {
  assertFree,
  endOfSignIn,
  enterCode,
  huntedOf,
  occupy,
  paste,
  progress,
  signedIn,
  signInCommand,
  useDeviceIssuer,
} from "../support/anywhereJourney.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { settingsFor } from "../support/signInJourney.ts";
import { useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

describe("signing in where the ports are taken", () => {
  const issuer = useDeviceIssuer();
  let workbench: Workbench;

  describe("by other programs", () => {
    const vscode = useVscode(() => ({ settings: settingsFor(issuer()), sharedWindow: true, hunted: huntedOf(issuer) }));
    beforeEach(async () => {
      workbench = await vscode.openWorkbench();
    });

    it("uses port 1457 when 1455 is taken, and leaves the program there alone", async () => {
      const other = await occupy(1455);
      try {
        const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
        await signInOnLoginPage(tab, demoAccount);
        await tab.waitForURL("http://localhost:1457/success");
        await workbench.awaitNotification(signedIn);
        assert.deepEqual(other.paths, []);
      } finally {
        await other.release();
      }
      await assertFree(1457);
    });

    it("offers a device code when both ports are taken, and completes with it", async () => {
      const others = [await occupy(1455), await occupy(1457)];
      try {
        await workbench.runCommand(signInCommand);
        const said = await workbench.awaitNotification("Sign-in needs port 1455 or 1457");
        assert.match(said, /Port 1455: node \(process \d+\)\. Port 1457: node \(process \d+\)\./);
        await workbench.pressNotificationButton("Sign-in needs port", "Use Device Code");
        await enterCode(workbench);
        await workbench.awaitNotification(signedIn);
        assert.ok(others.every(({ paths }) => !paths.includes("/cancel")));
      } finally {
        await Promise.all(others.map(({ release }) => release()));
      }
    });

    it("offers pasting when both ports are taken, and completes with it", async () => {
      const others = [await occupy(1455), await occupy(1457)];
      try {
        await workbench.runCommand(signInCommand);
        await workbench.awaitNotification("Sign-in needs port 1455 or 1457");
        const tab = await workbench.opening(() =>
          workbench.pressNotificationButton("Sign-in needs port", "Paste Address"),
        );
        const address = await endOfSignIn(tab);
        await paste(workbench, address);
        await workbench.awaitNotification(signedIn);
        assert.ok(others.every(({ paths }) => !paths.includes("/cancel")));
      } finally {
        await Promise.all(others.map(({ release }) => release()));
      }
    });

    it("stops the other sign-in only when the person chose it, and then goes on", async () => {
      const others = [await occupy(1455), await occupy(1457)];
      try {
        await workbench.runCommand(signInCommand);
        await workbench.awaitNotification("Sign-in needs port 1455 or 1457");
        assert.ok(others.every(({ paths }) => !paths.includes("/cancel")));
        const tab = await workbench.opening(() =>
          workbench.pressNotificationButton("Sign-in needs port", "Stop Other Sign-in"),
        );
        await signInOnLoginPage(tab, demoAccount);
        await tab.waitForURL("http://localhost:1455/success");
        await workbench.awaitNotification(signedIn);
        assert.ok(others[0]?.paths.includes("/cancel"));
        assert.ok(!others[1]?.paths.includes("/cancel"));
      } finally {
        await Promise.all(others.map(({ release }) => release()));
      }
    });
  });

  describe("by other windows", () => {
    const vscode = useVscode(() => ({ settings: settingsFor(issuer()), hunted: huntedOf(issuer) }));

    it("leaves the sign-ins of other windows alone, says that it is those, and the first can finish", async () => {
      workbench = await vscode.openWorkbench();
      const first = await workbench.opening(() => workbench.runCommand(signInCommand));
      const secondWindow = await workbench.openAnotherWindow();
      const second = await secondWindow.opening(() => secondWindow.runCommand(signInCommand));
      const thirdWindow = await workbench.openAnotherWindow();
      await thirdWindow.runCommand(signInCommand);
      const said = await thirdWindow.awaitNotification("Sign-in needs port 1455 or 1457");
      for (const port of [1455, 1457]) assert.match(said, new RegExp(`Port ${port}: another VS Code window`));
      const offer = thirdWindow.notification("Sign-in needs port").first();
      await offer.getByRole("button", { name: "Use Device Code", exact: true }).waitFor();
      assert.equal(await offer.getByRole("button", { name: "Stop Other Sign-in" }).count(), 0);
      await thirdWindow.pressNotificationButton(progress, "Cancel");
      await thirdWindow.notification(progress).waitFor({ state: "hidden" });
      // Both pages are of one browser: the second finds the first one's session and asks for consent only.
      await first.bringToFront();
      await signInOnLoginPage(first, demoAccount);
      await first.waitForURL("http://localhost:1455/success");
      await workbench.awaitNotification(signedIn);
      // This window of a browser has its own copy of the secrets, from before the first sign-in: it would undo that.
      await second.bringToFront();
      await signInOnLoginPage(second, demoAccount);
      await secondWindow.awaitNotification("Reload this window to continue");
    });
  });
});
