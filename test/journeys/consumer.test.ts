import assert from "node:assert/strict";
import { derivedKeys, signInWithKey, teamAccount, useConsumers } from "../support/consumerJourney.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { eventually, patience } from "../support/timing.ts";
import type { Workbench } from "../support/workbench.ts";

const hello = "Hello from the fake API.";

async function signOutInAccountsMenu(workbench: Workbench): Promise<void> {
  await workbench.openAccountsMenu();
  await workbench.chooseInMenu(`${demoAccount.email} (ChatGPT)`, "Sign Out");
  await workbench.answerDialog(demoAccount.email, "Sign Out");
}

describe("another extension", () => {
  const { vscode, issuer, consumers, bearers } = useConsumers();

  it("gets an API key when the person allows it, and is told when they sign out in the Accounts menu", async () => {
    const [consumer, other] = consumers();
    const workbench = await vscode.openWorkbench();
    const requests = bearers().length;

    await workbench.runCommand(`${consumer.displayName}: Try Without Asking`);
    await workbench.awaitNotification("No session: access isn't allowed, or you're not signed in.");
    await workbench.clearNotifications();

    await workbench.runCommand(`${consumer.displayName}: Say Hello`);
    await workbench.answerDialog(/The extension 'ChatGPT Consumer Example' wants to sign in using '?ChatGPT/, "Allow");
    await workbench.awaitQuickInput("An extension needs an OpenAI API key");
    const page = await workbench.opening(() => workbench.pick("Sign in with ChatGPT"));
    await signInOnLoginPage(page, demoAccount);
    await page.waitForURL("**/success");
    await workbench.awaitNotification(`${demoAccount.email}: ${hello}`);
    const [key] = derivedKeys(issuer()).slice(-1);
    assert.deepEqual(bearers().slice(requests), [key]);

    await workbench.runCommand(`${other.displayName}: Try Without Asking`);
    await workbench.awaitNotification("No session: access isn't allowed, or you're not signed in.");
    assert.equal(bearers().length, requests + 1);

    // No question any more, and the same key.
    await workbench.clearNotifications();
    await workbench.runCommand(`${consumer.displayName}: Say Hello`);
    await workbench.awaitNotification(`${demoAccount.email}: ${hello}`);
    assert.deepEqual(bearers().slice(requests), [key, key]);

    const revoked = issuer().recordsOf("revoke").length;
    await signOutInAccountsMenu(workbench);
    await workbench.awaitNotification("The ChatGPT session has ended.");
    assert.equal(issuer().recordsOf("revoke").length, revoked + 1);
    await workbench.clearNotifications();
    await workbench.runCommand(`${consumer.displayName}: Try Without Asking`);
    await workbench.awaitNotification("No session: access isn't allowed, or you're not signed in.");
    assert.equal(bearers().length, requests + 2);
    await workbench.awaitAccountsMenu((entries) =>
      assert.ok(!entries.some((entry) => entry.includes(demoAccount.email)), entries.join(", ")),
    );
  });

  it("gets nothing when the person says no", async () => {
    const [consumer] = consumers();
    const workbench = await vscode.openWorkbench();
    const requests = bearers().length;
    await workbench.runCommand(`${consumer.displayName}: Say Hello`);
    await workbench.answerDialog("wants to sign in using", "Cancel");
    await workbench.awaitNotification("No session: User did not consent to login.");
    assert.equal(bearers().length, requests);
  });

  it("learns who is signed in without a token", async () => {
    const [consumer] = consumers();
    const workbench = await vscode.openWorkbench();
    await signInWithKey(workbench, issuer());
    await workbench.runCommand(`${consumer.displayName}: Who Am I?`);
    await workbench.answerDialog("wants to sign in using", "Allow");
    await workbench.awaitQuickInput("Select an account");
    await workbench.pick(demoAccount.email);
    await workbench.awaitNotification(
      `${demoAccount.email}: plan plus, ChatGPT workspace 5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01, no token`,
    );
  });

  it("gets the account chosen for it, whichever account is the active one", async () => {
    const workbench = await vscode.openWorkbench();
    const keys = [
      await signInWithKey(workbench, issuer()),
      await signInWithKey(workbench, issuer(), "Add ChatGPT Account", teamAccount),
    ];
    const accounts = [demoAccount, teamAccount];
    for (const [index, { displayName }] of consumers().entries()) {
      await workbench.runCommand(`${displayName}: Say Hello`);
      await workbench.answerDialog("wants to sign in using", "Allow");
      await workbench.awaitQuickInput("Select an account");
      assert.deepEqual((await workbench.quickInputLabels()).slice(0, 2), [teamAccount.email, demoAccount.email]);
      await workbench.pick(accounts[index]?.email ?? "");
      await workbench.awaitNotification(`${accounts[index]?.email}: ${hello}`);
      assert.equal(bearers().at(-1), keys[index]);
    }

    await workbench.clearNotifications();
    await workbench.runCommand("ChatGPT: Switch ChatGPT Account");
    await workbench.pick(demoAccount.email);
    await workbench.statusBarItem(demoAccount.email).waitFor();
    const requests = bearers().length;
    for (const [index, { displayName }] of consumers().entries()) {
      await workbench.runCommand(`${displayName}: Try Without Asking`);
      await workbench.awaitNotification(`${accounts[index]?.email}: ${hello}`);
    }
    await eventually(() => assert.deepEqual(bearers().slice(requests), keys), patience);
  });
});
