import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type IssuedTokens, signInByHttp } from "../issuer/login.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { projectPath } from "../support/projectRoot.ts";
import { signInFromPalette, useVscodeWithIssuer } from "../support/signInJourney.ts";
import { signOut } from "../support/signOutJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { codexHome } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

describe("a person with the Codex CLI", () => {
  const folder = temporaryDirectory();
  const home = codexHome;
  const file = join(home, "auth.json");
  const { vscode, issuer } = useVscodeWithIssuer(({ origin }) => {
    // A CLI that keeps and refreshes its login as the real one does; the real one has test/interop.
    const script = projectPath("test", "unit", "codex", "fakeCli.ts");
    const program = join(folder.path, "codex");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${script}" refreshes ${origin} "$@"\n`, {
      mode: 0o700,
    });
    return { settings: { "chatgptSignIn.codexPath": program }, sharedWindow: true };
  });
  after(() => folder.remove());

  const text = (tokens: IssuedTokens, eol = "\n") =>
    JSON.stringify(
      { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() },
      null,
      2,
    ).replaceAll("\n", eol);
  const signInAsCli = () => signInByHttp(issuer().origin, demoAccount.email);
  const write = (tokens: IssuedTokens) => writeFile(file, text(tokens), { mode: 0o600 });

  async function startImport(workbench: Workbench, source: string): Promise<void> {
    await workbench.runCommand("ChatGPT: Import from Codex CLI");
    await workbench.awaitQuickInput("Where is the Codex CLI's login?");
    await workbench.pick(source);
  }

  it("links its login, sees it change, and signs out without touching it", async () => {
    await write(await signInAsCli());
    const workbench = await vscode.openWorkbench();
    await startImport(workbench, "Codex CLI on This Computer");
    const preview = await workbench.answerDialog("Import this Codex CLI login?", "Cancel");
    for (const part of [demoAccount.email, "Plan: Plus", "Mode: ChatGPT", "refresh token", "Access token expires:"]) {
      assert.ok(preview.includes(part), `${part} in: ${preview}`);
    }
    assert.equal(vscode.server.readSettings()["chatgptSignIn.authMode"], undefined);
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview("text=Codex CLI");
    await panel.getByText("Share one login with the Codex CLI").waitFor();

    await startImport(workbench, "Codex CLI on This Computer");
    await workbench.answerDialog("Import this Codex CLI login?", "Link");
    await workbench.awaitNotification("You're signed in with the Codex CLI's login.");
    await panel.locator(".headline", { hasText: demoAccount.email }).waitFor();
    await panel.getByText("uses the login of the Codex CLI").waitFor();
    assert.equal(vscode.server.readSettings()["chatgptSignIn.authMode"], "chatgpt");
    await vscode.hunt().look();

    issuer().setAccount("plus", { plan: "pro" });
    const next = await signInAsCli();
    await write(next);
    await panel.locator("vscode-badge", { hasText: "Plan: Pro" }).waitFor();
    issuer().setAccount("plus", { plan: "plus" });

    await panel.getByRole("button", { name: "Refresh", exact: true }).click();
    await workbench.awaitNotification("ChatGPT credentials refreshed.");
    const refreshed = JSON.parse(await readFile(file, "utf8")).tokens as IssuedTokens;
    assert.notEqual(refreshed.refresh_token, next.refresh_token);
    assert.equal(await readFile(join(home, "asked"), "utf8"), "refresh\n");

    await panel.getByRole("button", { name: "Sign out" }).click();
    await workbench.answerDialog(`Sign out of ${demoAccount.email}?`, "Sign Out");
    await workbench.awaitNotification("The Codex CLI stays signed in.");
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")).tokens, refreshed);
    assert.deepEqual(issuer().recordsOf("revoke"), []);
    assert.deepEqual(issuer().recordsOf("reuseDetected"), []);
  });

  it("is told when the CLI has signed out, and sees it come back", async () => {
    const tokens = await signInAsCli();
    await write(tokens);
    const workbench = await vscode.openWorkbench();
    await startImport(workbench, "Codex CLI on This Computer");
    await workbench.answerDialog("Import this Codex CLI login?", "Link");
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview(`text=${demoAccount.email}`);
    await rm(file);
    await workbench.awaitNotification("The linked login of the Codex CLI can no longer be used.");
    await panel.getByRole("button", { name: "Sign in again" }).waitFor();
    await write(tokens);
    await panel.getByRole("button", { name: "Refresh", exact: true }).waitFor();
  });

  it("takes the API key alone", async () => {
    await writeFile(file, JSON.stringify({ OPENAI_API_KEY: "sk-test-own-key-000000000000000000000000" }));
    const workbench = await vscode.openWorkbench();
    await startImport(workbench, "Codex CLI on This Computer");
    const preview = await workbench.answerDialog("Import this Codex CLI login?", "Use Only the API Key");
    assert.ok(preview.includes("Mode: API key") && preview.includes("API key sk-…0000"), preview);
    assert.ok(preview.includes("Other users of this computer may be able to read"), preview);
    await workbench.awaitNotification("API key verified and saved.");
    assert.equal(issuer().recordsOf("models").at(-1)?.credential, "own key");
  });

  it("browses to a copy elsewhere, which can only be copied", async () => {
    const copy = join(folder.path, "copied.json");
    await writeFile(copy, text(await signInAsCli()), { mode: 0o600 });
    const workbench = await vscode.openWorkbench();
    await startImport(workbench, "Browse…");
    // The dialog begins in the CLI's folder, which it has to read first.
    await eventually(async () => assert.match(await workbench.quickInputField.inputValue(), /codex-home/), patience);
    await workbench.fillQuickInput(copy, { accept: false });
    // Enter would open the folder's first entry while the folder is still being read.
    await workbench.pick("copied.json");
    const preview = await workbench.answerDialog("Import this Codex CLI login?", "Copy");
    assert.ok(preview.includes("works only once") && !preview.includes("Link:"), preview);
    await workbench.awaitNotification("The Codex CLI's login was copied.");
  });

  it("has no CLI installed: may let the file be refreshed from here", async () => {
    const before = await signInAsCli();
    await write(before);
    const workbench = await vscode.openWorkbench();
    const program = vscode.server.readSettings()["chatgptSignIn.codexPath"];
    await workbench.updateSettings({ "chatgptSignIn.codexPath": undefined });
    try {
      await startImport(workbench, "Codex CLI on This Computer");
      await workbench.answerDialog("Import this Codex CLI login?", "Link");
      const choice = await workbench.answerDialog(
        "The Codex CLI isn't installed here",
        "Let This Extension Refresh It",
      );
      assert.match(choice, /write it back to its file/);
      await workbench.awaitNotification("You're signed in with the Codex CLI's login.");
      await workbench.runCommand("ChatGPT: Refresh ChatGPT Credentials");
      await workbench.awaitNotification("ChatGPT credentials refreshed.");
      const after = JSON.parse(await readFile(file, "utf8")).tokens as IssuedTokens;
      assert.notEqual(after.refresh_token, before.refresh_token);
    } finally {
      await workbench.updateSettings({ "chatgptSignIn.codexPath": program });
    }
  });

  it("lets the CLI sign in for itself, and cancels that", async () => {
    const workbench = await vscode.openWorkbench();
    const start = async () => {
      await workbench.runCommand("ChatGPT: Export to Codex CLI");
      const offer = await workbench.answerDialog("How should the Codex CLI sign in?", "Let Codex CLI Sign In");
      assert.ok(!offer.includes("Hand Over"), offer);
    };
    const dropped = await workbench.opening(start);
    await dropped.close();
    await workbench.toFront();
    await workbench.pressNotificationButton("Waiting for the Codex CLI to sign in", "Cancel");
    await workbench.notification("Waiting for the Codex CLI to sign in").waitFor({ state: "hidden" });
    assert.deepEqual(await readdir(home), []);

    const page = await workbench.opening(start);
    await signInOnLoginPage(page, demoAccount);
    await page.getByText("Signed in to Codex").waitFor();
    await page.close();
    await workbench.awaitNotification("You're signed in with the Codex CLI's login.");
    assert.deepEqual(await readdir(home), ["auth.json"]);
    await workbench.runCommand("ChatGPT: Export to Codex CLI");
    await workbench.awaitNotification("This account is already linked to the Codex CLI");
  });

  it("pastes a login as it is in the file, over many lines, and copies it", async () => {
    const tokens = await signInAsCli();
    const workbench = await vscode.openWorkbench();
    await vscode.person.grantPermissions(["clipboard-read", "clipboard-write"], { origin: vscode.server.origin });
    await startImport(workbench, "Paste…");
    await workbench.awaitQuickInput("Paste the content of an auth.json");
    assert.equal(await workbench.quickInputField.getAttribute("type"), "password");
    await workbench.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text(tokens, "\r\n"))})`);
    await workbench.quickInputField.press("ControlOrMeta+v");
    await workbench.quickInputField.press("Enter");
    const preview = await workbench.answerDialog("Import this Codex CLI login?", "Copy");
    assert.ok(preview.includes(demoAccount.email) && !preview.includes("Link:"), preview);
    await workbench.awaitNotification("The Codex CLI's login was copied.");
    assert.deepEqual(await readdir(home), []);
    await signOut(workbench);
    await workbench.awaitNotification("The Codex CLI's login is unchanged.");
    assert.deepEqual(issuer().recordsOf("revoke"), []);
  });

  it("is told what is wrong with a file, and nothing is stored", async () => {
    await writeFile(file, "<html>");
    const workbench = await vscode.openWorkbench();
    await startImport(workbench, "Codex CLI on This Computer");
    await workbench.awaitNotification("The Codex CLI's “auth.json” isn't a login file.");
  });

  it("hands its sign-in over to the CLI, asked before a login is replaced", async () => {
    await writeFile(file, '{"OPENAI_API_KEY":"sk-proj-of-somebody-else-0123456789"}', { mode: 0o600 });
    const before = await readFile(file, "utf8");
    const workbench = await vscode.openWorkbench();
    const tab = await signInFromPalette(workbench);
    await tab.close();
    await workbench.runCommand("ChatGPT: Export to Codex CLI");
    const offer = await workbench.answerDialog("How should the Codex CLI sign in?", "Hand Over This Sign-in");
    assert.match(offer, /can.t be shared/);
    await workbench.answerDialog("The Codex CLI is already signed in. Replace its login?", "Cancel");
    assert.equal(await readFile(file, "utf8"), before);

    await workbench.runCommand("ChatGPT: Export to Codex CLI");
    await workbench.answerDialog("How should the Codex CLI sign in?", "Hand Over This Sign-in");
    await workbench.answerDialog("The Codex CLI is already signed in. Replace its login?", "Replace");
    await workbench.awaitNotification("The Codex CLI owns this sign-in now.");
    const { tokens } = JSON.parse(await readFile(file, "utf8"));
    assert.ok(
      issuer()
        .secrets()
        .some(({ kind, value }) => kind === "refresh_token" && value === tokens.refresh_token),
    );
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const backup = (await readdir(home)).find((name) => name.startsWith("auth.json.backup-")) ?? "";
    assert.equal(await readFile(join(home, backup), "utf8"), before);
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    const panel = await workbench.webview(`text=${demoAccount.email}`);
    await panel.getByText("uses the login of the Codex CLI").waitFor();
    await eventually(async () => assert.deepEqual(issuer().recordsOf("reuseDetected"), []));
  });
});
