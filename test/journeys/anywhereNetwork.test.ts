import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { huntedOf } from "../support/anywhereJourney.ts";
import { launchBrowser } from "../support/browser.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connectProxy.ts";
import { demoAccount, signedInAs, signInOnLoginPage } from "../support/loginPage.ts";
import { createPrivateCa, type PrivateCa } from "../support/privateCa.ts";
import { proxiedHost, useVscode, type VscodeOptions } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

/** A name that no look-up ever finds (RFC 6761): only the proxy, and this test's browser, know where it is. */
const host = proxiedHost;
const origin = `https://${host}`;
const signInCommand = "ChatGPT: Sign in with ChatGPT";
const deviceCommand = "ChatGPT: Sign in with ChatGPT Using a Device Code";

describe("signing in anywhere, through a proxy and with a company's certificate", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let ca: PrivateCa;
  let issuer: TestIssuer;
  let proxy: ConnectProxy;
  let strictProxy: ConnectProxy;
  let browser: Browser;
  let workbench: Workbench;

  before(async () => {
    folder = temporaryDirectory();
    ca = createPrivateCa(folder.path, [host]);
    issuer = await startIssuer({ tls: ca.tls, publicOrigin: origin, device: { interval: 1 } });
    const ports = { [host]: Number(new URL(issuer.listening).port) };
    proxy = await startConnectProxy(ports);
    strictProxy = await startConnectProxy(ports, { credentials: "ada:secret" });
    browser = await launchBrowser([
      `--host-resolver-rules=MAP ${host}:443 127.0.0.1:${ports[host]}`,
      "--ignore-certificate-errors",
    ]);
  });
  after(async () => {
    await browser?.close();
    await proxy?.close();
    await strictProxy?.close();
    await issuer?.close();
    await folder?.remove();
  });

  const settings = {
    "chatgptSignIn.issuer": origin,
    "chatgptSignIn.apiBaseUrl": `${origin}/v1`,
    "chatgptSignIn.chatgptBaseUrl": `${origin}/backend-api`,
  };
  /** Opens a window that has these settings of the network. */
  let openWith: (change: Readonly<Record<string, unknown>>) => Promise<void>;
  const withCredentials = (url: string, credentials: string) => url.replace("http://", `http://${credentials}@`);

  /** The sentence of the error that a sign-in with a device code ends in. */
  async function failure(): Promise<string> {
    const before = proxy.requested.length + strictProxy.requested.length;
    await workbench.runCommand(deviceCommand);
    const said = await workbench.awaitNotification(/proxy|certificate|resolved|reached/);
    asked = proxy.requested.length + strictProxy.requested.length - before;
    return said;
  }
  let asked = 0;

  async function completesWithDeviceCode(): Promise<void> {
    await workbench.runCommand(deviceCommand);
    const panel = await workbench.webview(".device .code");
    const code = ((await panel.locator(".device .code").textContent()) ?? "").trim();
    const page = await workbench.opening(() => panel.getByRole("button", { name: "Open page" }).click());
    await page.locator("input[name=user_code]").fill(code);
    await page.locator("input[name=user_code]").press("Enter");
    await page.getByLabel("Email").waitFor();
    await signInOnLoginPage(page, demoAccount);
    await page.getByText("Device connected").waitFor();
    await workbench.awaitNotification(signedInAs(demoAccount));
    await page.close();
  }

  const useWindow = (options: () => VscodeOptions) => {
    const vscode = useVscode(() => ({ settings, browser, hunted: huntedOf(() => issuer), ...options() }));
    beforeEach(() => {
      openWith = async (change) => {
        // A window that opens has them from its start, and one that is open takes them.
        vscode.server.updateSettings(change);
        workbench = await vscode.openWorkbench();
        await workbench.updateSettings({});
      };
    });
  };

  describe("that VS Code does not trust", () => {
    useWindow(() => ({ sharedWindow: true }));

    it("says that the browser got through and VS Code did not, when only VS Code lacks the proxy", async () => {
      await openWith({});
      const tab = await workbench.opening(() => workbench.runCommand(signInCommand));
      await signInOnLoginPage(tab, demoAccount);
      const said = await workbench.awaitNotification(/Your browser reached the sign-in service, but VS Code didn't/);
      assert.match(said, /address couldn't be resolved.*“http\.proxy”/);
    });

    it("names the certificate, and what to do about it", async () => {
      await openWith({ "http.proxy": proxy.url });
      assert.match(await failure(), /certificate may not be trusted here.*install your company's certificate/);
      assert.deepEqual(proxy.requested.slice(-1), [`${host}:443`]);
    });

    it("names the proxy that wants credentials", async () => {
      await openWith({ "http.proxy": strictProxy.url });
      assert.match(await failure(), /proxy refused the connection.*“http\.proxy” and your proxy credentials/);
    });

    it("names the proxy that is not there", async () => {
      await openWith({ "http.proxy": "http://127.0.0.1:9" });
      assert.match(await failure(), /“http\.proxy”/);
      assert.equal(asked, 0);
    });

    it("goes past the proxy for hosts in noProxy", async () => {
      await openWith({ "http.proxy": proxy.url, "http.noProxy": [host] });
      assert.match(await failure(), /address couldn't be resolved/);
      assert.equal(asked, 0);
    });
  });

  describe("that VS Code trusts", () => {
    useWindow(() => ({ ownServer: { env: { NODE_EXTRA_CA_CERTS: ca.caFile } } }));

    it("signs in through the proxy, every call", async () => {
      await openWith({ "http.proxy": proxy.url });
      const before = proxy.requested.length;
      await completesWithDeviceCode();
      assert.ok(proxy.requested.length - before >= 3);
      assert.equal(issuer.recordsOf("codeExchange").at(-1)?.outcome, "issued");
    });

    it("signs in through a proxy with a name and a password", async () => {
      await openWith({ "http.proxy": withCredentials(strictProxy.url, "ada:secret") });
      await completesWithDeviceCode();
      assert.ok(strictProxy.requested.includes(`${host}:443`));
    });
  });
});
