import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { launchBrowser } from "../support/browser.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { settingsFor } from "../support/signInJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { trustedHost, useVscode } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

const signInCommand = "ChatGPT: Sign in with ChatGPT";
const deviceCommand = "ChatGPT: Sign in with ChatGPT Using a Device Code";
const pasteCommand = "ChatGPT: Paste Redirect Address";
const progress = "Signing in with ChatGPT";
const signedIn = "You are signed in with ChatGPT.";

/** A program that listens on a port of the sign-in, as another login does. */
async function occupy(port: number): Promise<{ paths: string[]; release: () => Promise<void> }> {
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.end("Login cancelled");
    if (request.url === "/cancel") server.close();
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const release = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { paths, release };
}

/** The port is free within a second. */
async function assertFree(port: number): Promise<void> {
  await eventually(async () => (await occupy(port)).release(), 1_000);
}

/** Presses a link of the notification of the running sign-in. */
async function pressLink(workbench: Workbench, name: string): Promise<void> {
  await workbench.awaitNotification(progress);
  await workbench.notification(progress).first().getByRole("link", { name, exact: true }).press("Enter");
}

/** The code that the panel shows. */
async function shownCode(workbench: Workbench): Promise<string> {
  const panel = await workbench.webview(".device .code");
  return ((await panel.locator(".device .code").textContent()) ?? "").trim();
}

/** Enters the code on the page that the panel's button opens, and signs in there. */
async function enterCode(workbench: Workbench): Promise<void> {
  const panel = await workbench.webview(".device .code");
  const code = await shownCode(workbench);
  const page = await workbench.opening(() => panel.getByRole("button", { name: "Open its page" }).click());
  await page.locator("input[name=user_code]").fill(code);
  await page.locator("input[name=user_code]").press("Enter");
  await page.getByLabel("Email").waitFor();
  await signInOnLoginPage(page, demoAccount);
  await page.getByText("Device connected").waitFor();
  await page.close();
}

/** Signs in on the page and returns the address that the browser ends on, whether it can open it or not. */
async function endOfSignIn(page: Page): Promise<string> {
  const last = page.waitForRequest(/\/auth\/callback\?/);
  await signInOnLoginPage(page, demoAccount);
  return (await last).url();
}

/** Pastes into the box that asks for the address. */
async function paste(workbench: Workbench, address: string): Promise<void> {
  await workbench.awaitQuickInput("Paste Redirect Address");
  await workbench.fillQuickInput(address);
}

describe("signing in anywhere", () => {
  let issuer: TestIssuer;
  let elsewhere: Browser;
  let workbench: Workbench;

  before(async () => {
    // Not called localhost, so that the browser sees the very URL that the extension built.
    issuer = await startIssuer({ host: trustedHost, device: { interval: 1 } });
    // A browser on another computer: what it calls localhost is not where VS Code runs, and nobody answers there.
    elsewhere = await launchBrowser(["--host-resolver-rules=MAP localhost 127.0.0.99"]);
  });
  after(async () => {
    await elsewhere?.close();
    await issuer?.close();
  });
  afterEach(async () => {
    issuer.faults.clear();
    issuer.setDevice({ enabled: true });
  });

  /** The sign-in is over: the notification is gone and so are the listeners. */
  async function assertOver(): Promise<void> {
    // One that was brought forward may take a moment to go after the other.
    await eventually(async () => assert.equal(await workbench.notification(progress).count(), 0), patience);
    await assertFree(1455);
  }

  describe("in a browser on the same computer", () => {
    const vscode = useVscode(() => ({ settings: settingsFor(issuer), sharedWindow: true }));
    beforeEach(async () => {
      workbench = await vscode.openWorkbench();
    });

    it("opens the very URL that was built, and both ports are free afterwards", async () => {
      const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
      const panelLink = "Copy link";
      await workbench.toFront();
      await workbench.awaitNotification(progress);
      await workbench.notification(progress).first().getByRole("link", { name: panelLink, exact: true }).waitFor();
      const params = (await issuer.waitForRecord("authorize")).at(-1)?.params ?? {};
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
      await assertOver();
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
          workbench.pressNotificationButton("Sign-in needs port", "Paste Link"),
        );
        const address = await endOfSignIn(tab);
        await paste(workbench, address);
        await workbench.awaitNotification(signedIn);
        assert.ok(others.every(({ paths }) => !paths.includes("/cancel")));
      } finally {
        await Promise.all(others.map(({ release }) => release()));
      }
    });

    it("stops the other sign-in only when the person says so, and then goes on", async () => {
      const others = [await occupy(1455), await occupy(1457)];
      try {
        await workbench.runCommand(signInCommand);
        await workbench.awaitNotification("Sign-in needs port 1455 or 1457");
        assert.ok(others.every(({ paths }) => !paths.includes("/cancel")));
        const tab = await workbench.opening(() =>
          workbench.pressNotificationButton("Sign-in needs port", "Stop the Other Sign-in"),
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

    it("goes from the browser to a device code and back without losing the attempt", async () => {
      const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
      await pressLink(workbench, "Use device code");
      const code = await shownCode(workbench);
      assert.match(code, /^[A-Z0-9]{4}-[A-Z0-9]{5}$/);
      await workbench.awaitNotification(new RegExp(`Code: ${code}\\. Never share it\\. 15 min left`));
      const panel = await workbench.webview(".device .code");
      await panel.getByText(/Never share this code/).waitFor();
      const again = await workbench.opening(() => panel.getByRole("button", { name: "Use browser" }).click());
      await workbench.awaitNotification(/waiting for you to sign in in the browser/);
      await signInOnLoginPage(again, demoAccount);
      await again.waitForURL("http://localhost:1455/success");
      await tab.close();
      const states = issuer.recordsOf("authorize").slice(-2);
      assert.equal(states[0]?.params.state, states[1]?.params.state);
      await workbench.awaitNotification(signedIn);
      await assertOver();
    });

    it("says where to enable device codes when they are not, and offers the browser", async () => {
      issuer.setDevice({ enabled: false });
      await workbench.runCommand(deviceCommand);
      await workbench.awaitNotification(/device code is not enabled.*Settings, Security/);
      const tab = await workbench.opening(() => workbench.pressNotificationButton("is not enabled", "Use Browser"));
      await signInOnLoginPage(tab, demoAccount);
      await tab.waitForURL("http://localhost:1455/success");
      await workbench.awaitNotification(signedIn);
    });

    it("cancels from the browser, the device code and the paste box alike", async () => {
      await workbench.opening(() => workbench.runCommand(signInCommand));
      await workbench.toFront();
      await workbench.pressNotificationButton(progress, "Cancel");
      await assertOver();

      await workbench.runCommand(deviceCommand);
      const panel = await workbench.webview(".device .code");
      await panel.getByRole("button", { name: "Cancel signing in" }).click();
      await panel.locator(".attempt").waitFor({ state: "detached", timeout: 1_000 });
      await assertOver();
      const polls = issuer.recordsOf("devicePoll").length;

      await workbench.opening(() => panel.getByRole("button", { name: "Sign in with ChatGPT" }).click());
      await workbench.runCommand(pasteCommand);
      await workbench.awaitQuickInput("Paste Redirect Address");
      await workbench.pressNotificationButton(progress, "Cancel");
      await workbench.quickInput.waitFor({ state: "hidden", timeout: 1_000 });
      await assertOver();
      assert.equal(issuer.recordsOf("devicePoll").length, polls);
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
      assert.equal(issuer.recordsOf("authorize").at(-1)?.params.prompt, "login");
      await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
      await workbench.webview("text=team@example.com");
    });

    it("refuses a ChatGPT workspace that the setting does not allow", async () => {
      await workbench.updateSettings({ "chatgptSignIn.allowedWorkspaces": ["some-other-workspace"] });
      await workbench.runCommand(deviceCommand);
      await enterCode(workbench);
      await workbench.awaitNotification(/“chatgptSignIn\.allowedWorkspaces” does not allow/);
    });
  });

  describe("in several windows on the same computer", () => {
    const vscode = useVscode(() => ({ settings: settingsFor(issuer) }));

    it("leaves the sign-ins of other windows alone, says that it is those, and all can finish", async () => {
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
      assert.equal(await offer.getByRole("button", { name: "Stop the Other Sign-in" }).count(), 0);
      await thirdWindow.pressNotificationButton(progress, "Cancel");
      await thirdWindow.notification(progress).waitFor({ state: "hidden" });
      // Both pages are of one browser: the second finds the first one's session and asks for consent only.
      await first.bringToFront();
      await signInOnLoginPage(first, demoAccount);
      await first.waitForURL("http://localhost:1455/success");
      await second.bringToFront();
      await signInOnLoginPage(second, demoAccount);
      await second.waitForURL("http://localhost:1457/success");
      await workbench.awaitNotification(signedIn);
      await secondWindow.awaitNotification(signedIn);
    });
  });

  describe("when VS Code asks before it opens the page", () => {
    let untrusted: TestIssuer;
    const asking = useVscode(async () => {
      untrusted = await startIssuer({ host: "127.0.0.3" });
      return { settings: settingsFor(untrusted) };
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
      await workbench.awaitNotification(/VS Code did not open the page/);
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
      await workbench.notification(/did not open the page/).waitFor({ state: "hidden" });
      await opened.close();
      const tab = await asking.person.newPage();
      await tab.goto(copied);
      await signInOnLoginPage(tab, demoAccount);
      await tab.waitForURL("http://localhost:1455/success");
      await workbench.awaitNotification(signedIn);
    });
  });

  describe("in a browser that cannot reach the listener", () => {
    describe("and calls the server by its address", () => {
      const vscode = useVscode(() => ({ settings: settingsFor(issuer), browser: elsewhere }));

      it("completes by pasting the address that the browser could not open", async () => {
        workbench = await vscode.openWorkbench();
        const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
        const address = await endOfSignIn(tab);
        assert.match(address, /^http:\/\/localhost:1455\/auth\/callback\?/);
        await pressLink(workbench, "Paste link");
        await workbench.awaitQuickInput("Paste Redirect Address");
        await workbench.fillQuickInput(new URL(address).searchParams.get("code") ?? "", { accept: false });
        await eventually(
          async () =>
            assert.match((await workbench.quickInputMessage.textContent()) ?? "", /A code alone is not enough/),
          patience,
        );
        await paste(workbench, address);
        await workbench.awaitNotification(signedIn);
        await assertOver();
      });
    });

    describe("and calls the server by another name", () => {
      const vscode = useVscode(() => ({
        settings: settingsFor(issuer),
        browser: elsewhere,
        host: "code.localhost",
        sharedWindow: true,
      }));

      it("begins with a device code where localhost is not the server", async () => {
        workbench = await vscode.openWorkbench();
        await workbench.runCommand(signInCommand);
        await enterCode(workbench);
        await workbench.awaitNotification(signedIn);
        assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, `${issuer.issuer}/deviceauth/callback`);
      });

      it("signs in by pasting where localhost is not the server", async () => {
        workbench = await vscode.openWorkbench();
        await workbench.runCommand(signInCommand);
        await shownCode(workbench);
        const tab = await workbench.opening(() => pressLink(workbench, "Paste link"));
        await paste(workbench, await endOfSignIn(tab));
        await workbench.awaitNotification(signedIn);
        assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1455/auth/callback");
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
        await assertOver();
      });
    });
  });
});
