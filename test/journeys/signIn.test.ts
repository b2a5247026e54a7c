import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { demoAccount, signedInAs, signInOnLoginPage } from "../support/loginPage.ts";
import { signInFromPalette, useVscodeWithIssuer } from "../support/signInJourney.ts";
import { signOutQuestion } from "../support/signOutJourney.ts";
import { eventually, patience } from "../support/timing.ts";

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** The port is free within a second. */
async function assertFree(port: number): Promise<void> {
  await eventually(async () => assert.equal(await canConnect(port), false), 1_000);
}

describe("a person", () => {
  const { vscode, issuer } = useVscodeWithIssuer(() => ({ sharedWindow: true }));

  it("signs in, looks, switches, refreshes, reloads, signs out, and leaves no secret anywhere", async () => {
    const workbench = await vscode.openWorkbench();
    const tab = await signInFromPalette(workbench);
    assert.equal(tab.url(), "http://localhost:1455/success");
    assert.match((await tab.locator("h1").textContent()) ?? "", /You're signed in/);
    await assertFree(1455);
    await tab.close();

    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview(`text=${demoAccount.email}`);
    await panel.locator("vscode-badge", { hasText: "Plan: Plus" }).waitFor();
    await panel.getByText(/sk-….{4}/).waitFor();
    assert.equal(vscode.server.readSettings()["chatgptSignIn.authMode"], "chatgpt");
    await vscode.hunt().look();

    await panel.getByRole("radio", { name: "API key" }).check();
    await eventually(() => assert.equal(vscode.server.readSettings()["chatgptSignIn.authMode"], "apiKey"), patience);
    await panel.getByRole("radio", { name: "ChatGPT" }).check();
    await eventually(() => assert.equal(vscode.server.readSettings()["chatgptSignIn.authMode"], "chatgpt"), patience);

    await panel.getByRole("button", { name: "Refresh", exact: true }).click();
    await workbench.awaitNotification("ChatGPT credentials refreshed.");
    await vscode.hunt().look();

    await workbench.reload();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const again = await workbench.webview(`text=${demoAccount.email}`);
    const revocations = issuer().recordsOf("revoke").length;
    const button = again.getByRole("button", { name: "Sign out" });
    await button.click();
    const said = await workbench.answerDialog(`Sign out of ${demoAccount.email}?`, "Cancel");
    assert.match(said, /revoked at OpenAI and deleted from this computer/);
    assert.equal(issuer().recordsOf("revoke").length, revocations);
    await button.click();
    await workbench.answerDialog(signOutQuestion, "Sign Out");
    await workbench.awaitNotification("You're signed out of ChatGPT on this computer.");
    await (await workbench.webview("text=Sign in with ChatGPT"))
      .getByRole("button", { name: "Sign in with ChatGPT" })
      .waitFor();

    const exchange = issuer().recordsOf("codeExchange").at(-1);
    assert.equal(exchange?.pkce, true);
    assert.match(exchange?.contentType ?? "", /form-urlencoded/);
    const refreshes = issuer().recordsOf("refresh");
    assert.deepEqual(
      refreshes.map(({ outcome }) => outcome),
      ["rotated"],
    );
    assert.match(refreshes[0]?.contentType ?? "", /json/);
    const [revoked] = issuer().recordsOf("revoke");
    assert.deepEqual([revoked?.hint, revoked?.token, revoked?.found], ["refresh_token", "refresh_token", true]);
    assert.deepEqual(issuer().recordsOf("reuseDetected"), []);
    assert.ok(
      issuer()
        .recordsOf("tokenExchange")
        .every(({ userAgent }) => /^chatgpt_sign_in\/\d/.test(userAgent)),
    );
    assert.equal(issuer().recordsOf("redeemCredits").length, 1);

    await vscode.hunt().look();
    const unseen = [
      "a message from the panel",
      "a message to the panel",
      "a message from a frame",
      "a message to a frame",
      "address",
      "global state",
      "requested",
      "requested by the browser",
      "served",
      "the console of the browser",
      "the log before it is redacted",
      "the logs",
      "the state of the workbench",
      "what is on the screen",
    ].filter((place) => !vscode.hunt().seen.has(place));
    assert.deepEqual(unseen, []);
  });

  it("finds each command where it makes sense", async () => {
    const workbench = await vscode.openWorkbench();
    const offered = async () => (await workbench.paletteEntries("ChatGPT: ")).map((title) => title.slice(9));
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    await workbench.webview("text=Sign in with ChatGPT");
    const before = await offered();
    assert.ok(before.includes("Sign in with ChatGPT") && before.includes("Set OpenAI API Key"), String(before));
    assert.ok(!before.includes("Sign out") && !before.includes("Refresh ChatGPT Credentials"), String(before));
    assert.ok(!before.includes("Remove OpenAI API Key"), String(before));
    await signInFromPalette(workbench);
    await eventually(async () => {
      const after = await offered();
      assert.ok(after.includes("Sign out") && after.includes("Refresh ChatGPT Credentials"), String(after));
    }, patience);
  });

  it("cancels from the notification, and the port is free at once", async () => {
    const workbench = await vscode.openWorkbench();
    const tab = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
    await workbench.toFront();
    assert.equal(await canConnect(1455), true);
    await workbench.pressNotificationButton("Signing in with ChatGPT", "Cancel");
    await assertFree(1455);
    await workbench.notification("Signing in with ChatGPT").waitFor({ state: "hidden" });
    assert.deepEqual(await workbench.notificationTexts(), []);
    await tab.close();
  });

  it("runs the command again and gets the same attempt, brought forward", async () => {
    const workbench = await vscode.openWorkbench();
    const first = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
    const second = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
    await signInOnLoginPage(second, demoAccount);
    await second.waitForURL("http://localhost:1455/success");
    await workbench.awaitNotification(signedInAs(demoAccount));
    await first.close();
    const states = issuer()
      .recordsOf("authorize")
      .slice(-2)
      .map(({ params }) => params.state);
    assert.equal(states[0], states[1]);
  });

  it("is told what went wrong when the issuer fails, with the log one click away, and stays signed in", async () => {
    const workbench = await vscode.openWorkbench();
    await signInFromPalette(workbench);
    await workbench.clearNotifications();
    issuer().faults.set("token", { kind: "html" });
    const tab = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
    await tab.getByRole("button", { name: "Continue" }).click();
    await tab.getByText("Sign-in couldn't be completed").waitFor();
    await tab.close();
    await workbench.pressNotificationButton("The service's response couldn't be read", "Show Log");
    await workbench.page.getByText("Signing in failed: Problem unreadableAnswer").first().waitFor();
    await assertFree(1455);
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    await workbench.webview(`text=${demoAccount.email}`);
  });

  it("is told when both ports are in use", async () => {
    const occupy = (port: number) =>
      new Promise<() => Promise<unknown>>((resolve) => {
        const server = createServer();
        server.listen(port, "127.0.0.1", () => resolve(() => new Promise((closed) => server.close(closed))));
      });
    const releases = await Promise.all([occupy(1455), occupy(1457)]);
    try {
      const workbench = await vscode.openWorkbench();
      await workbench.runCommand("ChatGPT: Sign in with ChatGPT");
      await workbench.awaitNotification("Sign-in needs port 1455 or 1457");
    } finally {
      await Promise.all(releases.map((release) => release()));
    }
  });

  it("is told which setting is wrong, and no browser opens", async () => {
    const workbench = await vscode.openWorkbench();
    await workbench.updateSettings({ "chatgptSignIn.issuer": "http://example.com/?canary" });
    await workbench.runCommand("ChatGPT: Sign in with ChatGPT");
    const said = await workbench.awaitNotification("must be an https URL");
    assert.match(said, /“chatgptSignIn\.issuer”/);
    assert.doesNotMatch(said, /canary/);
  });
});
