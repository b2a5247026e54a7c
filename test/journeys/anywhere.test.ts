import assert from "node:assert/strict";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import {
  assertOver,
  deviceCommand,
  enterCode,
  huntedOf,
  pasteCommand,
  pressLink,
  progress,
  shownCode,
  signedIn,
  signInCommand,
  useDeviceIssuer,
} from "../support/anywhereJourney.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { settingsFor } from "../support/signInJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

describe("signing in anywhere", () => {
  const issuer = useDeviceIssuer();
  let workbench: Workbench;

  describe("in a browser on the same computer", () => {
    const vscode = useVscode(() => ({ settings: settingsFor(issuer()), sharedWindow: true, hunted: huntedOf(issuer) }));
    beforeEach(async () => {
      workbench = await vscode.openWorkbench();
    });

    it("opens the very URL that was built, and both ports are free afterwards", async () => {
      const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
      const panelLink = "Copy link";
      await workbench.toFront();
      await workbench.awaitNotification(progress);
      await workbench.notification(progress).first().getByRole("link", { name: panelLink, exact: true }).waitFor();
      const params = (await issuer().waitForRecord("authorize")).at(-1)?.params ?? {};
      assert.deepEqual(
        { ...params, state: params.state?.length, code_challenge: params.code_challenge?.length },
        {
          response_type: "code",
          client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
          redirect_uri: "http://localhost:1455/auth/callback",
          scope: "openid profile email offline_access",
          code_challenge: 43,
          code_challenge_method: "S256",
          id_token_add_organizations: "true",
          codex_cli_simplified_flow: "true",
          state: 43,
          originator: "chatgpt_sign_in",
        },
      );
      await tab.bringToFront();
      await signInOnLoginPage(tab, demoAccount);
      await tab.waitForURL("http://localhost:1455/success");
      await workbench.awaitNotification(signedIn);
      await assertOver(workbench);
    });

    it("goes from the browser to a device code and back without losing the attempt", async () => {
      const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
      await pressLink(workbench, "Use device code");
      const code = await shownCode(workbench);
      assert.match(code, /^[A-Z0-9]{4}-[A-Z0-9]{5}$/);
      await workbench.awaitNotification(new RegExp(`Code: ${code}\\. Never share it\\. 15 min left`));
      const panel = await workbench.webview(".device .code");
      await panel.getByText(/Never share this code/).waitFor();
      const again = await workbench.opening(() => panel.getByRole("button", { name: "Use browser" }).click());
      await workbench.awaitNotification(/waiting for you to sign in with your browser/);
      await signInOnLoginPage(again, demoAccount);
      await again.waitForURL("http://localhost:1455/success");
      await tab.close();
      const states = issuer().recordsOf("authorize").slice(-2);
      assert.equal(states[0]?.params.state, states[1]?.params.state);
      await workbench.awaitNotification(signedIn);
      await assertOver(workbench);
    });

    it("says where to enable device codes when they are not, and offers the browser", async () => {
      issuer().setDevice({ enabled: false });
      await workbench.runCommand(deviceCommand);
      await workbench.awaitNotification(/Device codes aren't enabled.*Settings > Security/);
      const tab = await workbench.opening(() =>
        workbench.pressNotificationButton("Device codes aren't enabled", "Use Browser"),
      );
      await signInOnLoginPage(tab, demoAccount);
      await tab.waitForURL("http://localhost:1455/success");
      await workbench.awaitNotification(signedIn);
    });

    it("cancels from the browser, the device code and the paste box alike", async () => {
      await workbench.opening(() => workbench.runCommand(signInCommand));
      await workbench.toFront();
      await workbench.pressNotificationButton(progress, "Cancel");
      await assertOver(workbench);

      await workbench.runCommand(deviceCommand);
      const panel = await workbench.webview(".device .code");
      await panel.getByRole("button", { name: "Cancel sign-in" }).click();
      await panel.locator(".attempt").waitFor({ state: "detached", timeout: 1_000 });
      await assertOver(workbench);
      const polls = issuer().recordsOf("devicePoll").length;

      await workbench.opening(() => panel.getByRole("button", { name: "Sign in with ChatGPT" }).click());
      await workbench.runCommand(pasteCommand);
      await workbench.awaitQuickInput("Paste Redirect Address");
      await workbench.pressNotificationButton(progress, "Cancel");
      await workbench.quickInput.waitFor({ state: "hidden", timeout: 1_000 });
      await assertOver(workbench);
      assert.equal(issuer().recordsOf("devicePoll").length, polls);
      assert.ok(!(await workbench.paletteEntries("ChatGPT: ")).includes(pasteCommand));
    });

    it("asks who it is when another account or workspace is wanted", async () => {
      const first = await workbench.opening(() => workbench.runCommand(signInCommand));
      await signInOnLoginPage(first, demoAccount);
      await first.waitForURL("**/success");
      await workbench.awaitNotification(signedIn);
      await workbench.clearNotifications();
      const another = "ChatGPT: Add ChatGPT Account";
      const second = await workbench.opening(() => workbench.runCommand(another));
      await signInOnLoginPage(second, { email: "team@example.com", password: "password" });
      await second.waitForURL("**/success");
      await workbench.awaitNotification(signedIn);
      assert.equal(issuer().recordsOf("authorize").at(-1)?.params.prompt, "login");
      await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
      await workbench.webview("text=team@example.com");
    });

    it("refuses a ChatGPT workspace that the setting does not allow", async () => {
      await workbench.updateSettings({ "chatgptSignIn.allowedWorkspaces": ["some-other-workspace"] });
      await workbench.runCommand(deviceCommand);
      await enterCode(workbench);
      await workbench.awaitNotification(/“chatgptSignIn\.allowedWorkspaces” doesn't allow/);
    });
  });

  describe("when VS Code asks before it opens the page", () => {
    let untrusted: TestIssuer;
    const asking = useVscode(async () => {
      untrusted = await startIssuer({ host: "127.0.0.3" });
      return { settings: settingsFor(untrusted), hunted: huntedOf(() => untrusted) };
    });
    after(() => untrusted?.close());
    const question = /open the external website/;
    beforeEach(async () => {
      await asking.person.grantPermissions(["clipboard-read", "clipboard-write"]);
      workbench = await asking.openWorkbench();
      // What asks is one of these; before, VS Code opens every page.
      await workbench.awaitLateParts();
    });

    it("says what to do after Cancel and after Copy, keeps waiting for the copied link, and opens the page again", async () => {
      const clipboard = () => workbench.page.evaluate<string>("navigator.clipboard.readText()");
      const stateOf = (text: string) => URL.parse(text)?.searchParams.get("state");
      await workbench.runCommand(signInCommand);
      await workbench.answerDialog(question, "Cancel");
      await workbench.awaitNotification(/VS Code didn't open the sign-in page/);
      await pressLink(workbench, "Open page");
      await workbench.answerDialog(question, "Copy");
      await workbench.awaitNotification(/If you copied its link, open it in a browser/);
      const copied = await clipboard();
      await workbench.page.evaluate("navigator.clipboard.writeText('')");
      await pressLink(workbench, "Copy link");
      await eventually(async () => assert.equal(stateOf(await clipboard()), stateOf(copied)), patience);
      assert.equal(stateOf(copied)?.length, 43);
      await pressLink(workbench, "Open page");
      const opened = await workbench.opening(() => workbench.answerDialog(question, "Open"));
      await workbench.toFront();
      await workbench.notification(/didn't open the sign-in page/).waitFor({ state: "hidden" });
      await opened.close();
      const tab = await asking.person.newPage();
      await tab.goto(copied);
      await signInOnLoginPage(tab, demoAccount);
      await tab.waitForURL("http://localhost:1455/success");
      await workbench.awaitNotification(signedIn);
    });
  });
});
