import assert from "node:assert/strict";
import { signInWithKey, teamAccount } from "../support/consumerJourney.ts";
import { demoAccount } from "../support/loginPage.ts";
import { useVscodeWithIssuer } from "../support/signInJourney.ts";

describe("a person with several accounts", () => {
  const { vscode, issuer } = useVscodeWithIssuer(() => ({ sharedWindow: true }));

  it("adds one, switches in palette and panel, and signs out of one while the other stays", async () => {
    const workbench = await vscode.openWorkbench();
    await signInWithKey(workbench, issuer());
    await workbench.statusBarItem(demoAccount.email).waitFor();
    await signInWithKey(workbench, issuer(), "Add ChatGPT Account", teamAccount);
    await workbench.statusBarItem(teamAccount.email).waitFor();

    await workbench.runCommand("ChatGPT: Switch ChatGPT Account");
    await workbench.awaitQuickInput("Switch ChatGPT Account");
    const shown = (await workbench.quickInput.locator(".monaco-list-row").allInnerTexts()).join("\n");
    assert.match(shown, /plus@example\.com\s*Plus · ChatGPT workspace 2b3c4d01\s*Signed in here/);
    assert.match(shown, /team@example\.com\s*Team · ChatGPT workspace 2b3c4d04/);
    await workbench.pick(demoAccount.email);
    await workbench.statusBarItem(demoAccount.email).waitFor();

    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=Other ChatGPT accounts");
    await panel.getByRole("button", { name: `Use ${teamAccount.email}` }).click();
    await workbench.statusBarItem(teamAccount.email).waitFor();
    await panel.getByRole("button", { name: `Use ${demoAccount.email}` }).waitFor();

    await workbench.awaitAccountsMenu((entries) => {
      for (const { email } of [demoAccount, teamAccount])
        assert.ok(entries.includes(`${email} (ChatGPT)`), `${entries}`);
    });

    await panel.getByRole("button", { name: `Sign out of ${demoAccount.email}` }).click();
    await workbench.answerDialog(`Sign out of ${demoAccount.email}?`, "Sign Out");
    await workbench.awaitNotification("your other ChatGPT accounts stay signed in");
    assert.equal(issuer().recordsOf("revoke").at(-1)?.account, "plus");
    await workbench.statusBarItem(teamAccount.email).waitFor();
    assert.equal(vscode.server.readSettings()["chatgptSignIn.authMode"], "chatgpt");
    await panel.getByRole("button", { name: `Sign out of ${demoAccount.email}` }).waitFor({ state: "detached" });

    await workbench.clearNotifications();
    await workbench.runCommand("ChatGPT: Switch ChatGPT Account");
    await workbench.quickInputRow(teamAccount.email).hover();
    await workbench.pressQuickInputButton("Sign out of this account");
    await workbench.answerDialog(`Sign out of ${teamAccount.email}?`, "Sign Out");
    await workbench.awaitNotification("You're signed out of ChatGPT on this computer.");
    await workbench.statusBarItem(/@example\.com/).waitFor({ state: "detached" });
  });

  it("keeps the same email in two ChatGPT workspaces apart", async () => {
    const workbench = await vscode.openWorkbench();
    await signInWithKey(workbench, issuer());
    issuer().setAccount("plus", { chatgptAccountId: "another-workspace-12345678" });
    try {
      await signInWithKey(workbench, issuer(), "Add ChatGPT Account");
    } finally {
      issuer().setAccount("plus", { chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01" });
    }
    await workbench.awaitAccountsMenu((entries) => {
      assert.ok(entries.includes(`${demoAccount.email} (ChatGPT)`), `${entries}`);
      assert.ok(entries.includes(`${demoAccount.email} (ChatGPT workspace 12345678) (ChatGPT)`), `${entries}`);
    });
  });

  it("finds account and mode in the status bar, with what can be done, and can hide it", async () => {
    const workbench = await vscode.openWorkbench();
    assert.equal(await workbench.statusBarItem(/ChatGPT|API key/).count(), 0);
    await signInWithKey(workbench, issuer());
    const item = workbench.statusBarItem(demoAccount.email);
    await item.click();
    await workbench.awaitQuickInput(`Requests use ChatGPT as ${demoAccount.email}.`);
    await workbench.pick("Use OpenAI API Key");
    await workbench.statusBarItem("No API key").click();
    await workbench.pick("Use ChatGPT");
    await item.waitFor();

    // After a reload, as soon as anything of ours is asked for; nothing of ours runs before.
    await workbench.reload();
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    await workbench.webview(`text=${demoAccount.email}`);
    await item.waitFor();
    await workbench.awaitAccountsMenu((entries) =>
      assert.ok(entries.includes(`${demoAccount.email} (ChatGPT)`), `${entries}`),
    );

    issuer().revokeAll("plus");
    await workbench.runCommand("ChatGPT: Refresh ChatGPT Credentials");
    const warning = workbench.statusBarItem("ChatGPT: sign in again");
    await warning.waitFor();
    assert.match((await warning.getAttribute("class")) ?? "", /warning-kind/);
    await warning.click();
    await workbench.awaitQuickInput("Sign in again as ");
    assert.match((await workbench.quickInputLabels())[0] ?? "", /Sign in again/);
    await workbench.closeQuickInput();

    await workbench.updateSettings({ "chatgptSignIn.statusBar": false });
    await warning.waitFor({ state: "hidden" });
    await workbench.updateSettings({ "chatgptSignIn.statusBar": undefined });
    await warning.waitFor();
  });
});
