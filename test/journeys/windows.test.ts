import assert from "node:assert/strict";
import { signInFromPalette, useVscodeWithIssuer } from "../support/signInJourney.ts";
import { signOut } from "../support/signOutJourney.ts";
import type { Workbench } from "../support/workbench.ts";

const stale = "Another window changed the ChatGPT sign-in. Reload this window to continue.";

/**
 * Two windows of one browser. VS Code on the web shows a window the secrets as they were when its page was loaded, and
 * tells it of no change: so what the other window did is seen after a reload, and until then no refresh token may be used.
 */
describe("a person with two windows", () => {
  const { vscode, issuer } = useVscodeWithIssuer();

  const openPanel = async (workbench: Workbench, shows: string) => {
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    return workbench.webview(`text=${shows}`);
  };
  const refresh = async (workbench: Workbench) => {
    await workbench.toFront();
    await workbench.clearNotifications();
    await workbench.runCommand("ChatGPT: Refresh ChatGPT Credentials");
  };
  const refreshes = () => issuer().recordsOf("refresh").length;

  it("signs in, refreshes and signs out in one, sees it in the other, and loses no token", async () => {
    const one = await vscode.openWorkbench();
    const other = await one.openAnotherWindow();
    await openPanel(other, "Sign in with ChatGPT");

    await one.toFront();
    await signInFromPalette(one);
    await other.toFront();
    await other.reload();
    await openPanel(other, "plus@example.com");

    // Each refreshes in turn; the one with old secrets asks for a reload instead of using a token that was used.
    await refresh(one);
    await one.awaitNotification("ChatGPT credentials refreshed.");
    assert.equal(refreshes(), 1);
    await refresh(other);
    await other.awaitNotification(stale);
    assert.equal(refreshes(), 1);
    await other.reload();
    await refresh(other);
    await other.awaitNotification("ChatGPT credentials refreshed.");
    assert.equal(refreshes(), 2);
    await refresh(one);
    await one.awaitNotification(stale);
    assert.equal(refreshes(), 2);

    await other.toFront();
    await signOut(other);
    await other.awaitNotification("You're signed out of ChatGPT on this computer.");
    await one.toFront();
    await one.reload();
    await openPanel(one, "Sign in with ChatGPT");
    assert.equal(issuer().recordsOf("reuseDetected").length, 0);
    assert.equal(issuer().recordsOf("revoke").at(-1)?.found, true);
  });
});
