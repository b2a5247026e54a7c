import assert from "node:assert/strict";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { Fault, TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import { becomesFree, occupy } from "../../support/ports.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";

describe("A sign-in that fails", () => {
  let issuer: TestIssuer;
  let services: TestServices;

  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  beforeEach(async () => {
    services = await createServices({ issuer: issuer.issuer });
    services.browser.open = browseAs("team@example.com");
    await services.signIn.run();
    await becomesFree(1455);
    services.browser.open = browseAs("plus@example.com");
  });

  /** Whatever happened: whoever was signed in before still is. */
  afterEach(async () => {
    assert.equal(services.signIn.running, undefined);
    assert.equal(services.accounts.state.active?.email, "team@example.com");
    assert.equal(services.accounts.state.accounts.length, 1);
    const kept = await createServices({ issuer: issuer.issuer, secrets: services.secrets });
    await kept.accounts.load();
    assert.equal(kept.accounts.state.active?.email, "team@example.com");
    await kept.dispose();
    issuer.faults.clear();
    assert.equal(await becomesFree(1455), true, "port 1455 is free within a second");
    await services.dispose();
  });

  const fails = (code: ProblemCode) =>
    assert.rejects(services.signIn.run(), (error) => isProblem(error, code) || assert.fail(String(error)));

  const faults: readonly [Fault, ProblemCode][] = [
    [{ kind: "serverError" }, "serviceFailed"],
    [{ kind: "status", status: 429 }, "rateLimited"],
    [{ kind: "status", status: 400, code: "invalid_grant" }, "exchangeRefused"],
    [{ kind: "region" }, "regionBlocked"],
    [{ kind: "edgePage" }, "edgeBlocked"],
    [{ kind: "html" }, "unreadableAnswer"],
    [{ kind: "truncated" }, "unreadableAnswer"],
    [{ kind: "wrongTypes" }, "unreadableAnswer"],
    [{ kind: "oversized" }, "unreadableAnswer"],
    [{ kind: "redirect" }, "unreadableAnswer"],
    [{ kind: "closeBefore" }, "answerLost"],
    [{ kind: "closeDuring" }, "answerLost"],
    [{ kind: "closeAfter" }, "answerLost"],
  ];
  /** What the browser is shown in the end; the redirect back can be changed on its way. */
  function shownPage(options: Parameters<typeof loginByHttp>[3] = {}, change = (_redirect: URL) => {}) {
    const { promise, resolve, reject } = Promise.withResolvers<[status: number, html: string]>();
    promise.catch(() => {});
    services.browser.open = async (url) => {
      const redirect = new URL(await loginByHttp(url, "plus@example.com", "password", options));
      change(redirect);
      fetch(redirect).then(async (answer) => resolve([answer.status, await answer.text()]), reject);
      return true;
    };
    return promise;
  }
  const tryAgain = /run “Sign in with ChatGPT” to try again/;

  for (const [fault, code] of faults) {
    it(`says ${code} when the token endpoint answers with ${JSON.stringify(fault)}, and the page has status 502`, async () => {
      issuer.faults.set("token", fault);
      const page = shownPage();
      await fails(code);
      const [status, html] = await page;
      assert.equal(status, 502);
      assert.match(html, /<h1>Sign-in couldn't be completed<\/h1><p>VS Code shows what went wrong\./);
      assert.match(html, tryAgain);
      assert.doesNotMatch(html, /invalid_grant|unsupported_country|Cloudflare/i);
    });
  }

  it("shows the browser that the credential could not be stored, with status 500", async () => {
    (services.secrets as MemorySecrets).failingStores = 1;
    const page = shownPage();
    await fails("saveFailed");
    const [status, html] = await page;
    assert.equal(status, 500);
    assert.match(html, /<h1>Your credential couldn't be saved<\/h1>/);
    assert.match(html, /You signed in, but VS Code couldn't save the credential/);
    assert.doesNotMatch(html, /You're signed in/);
  });

  it("shows the browser that the person cancelled, with status 400", async () => {
    const page = shownPage({ cancel: true });
    await fails("accessDenied");
    const [status, html] = await page;
    assert.equal(status, 400);
    assert.match(html, /<h1>Access was denied or canceled<\/h1>/);
  });

  it("shows the browser an error of the sign-in page's, with status 400 and not in its words", async () => {
    const page = shownPage({}, ({ searchParams }) => {
      searchParams.delete("code");
      searchParams.set("error", "canary_error");
      searchParams.set("error_description", "canary text");
    });
    await fails("issuerError");
    const [status, html] = await page;
    assert.equal(status, 400);
    assert.match(html, /<h1>The sign-in page reported an error<\/h1>/);
    assert.doesNotMatch(html, /canary/);
    assert.ok(services.lines.some((line) => line.includes("canary_error")));
  });

  it("goes on after an answer that names another issuer, which the browser is told", async () => {
    const pages: string[] = [];
    services.browser.open = async (url) => {
      const redirect = new URL(await loginByHttp(url, "plus@example.com", "password"));
      const wrong = new URL(redirect);
      wrong.searchParams.set("iss", "https://canary.example");
      pages.push(await (await fetch(wrong)).text());
      assert.equal(services.signIn.checkPaste(wrong.href)?.code, "pasteOtherIssuer");
      assert.equal(services.signIn.running?.stage, "waitingForBrowser");
      redirect.searchParams.set("error", "access_denied");
      void fetch(redirect);
      return true;
    };
    await fails("accessDenied");
    assert.match(pages[0] ?? "", /<h1>This response came from another sign-in service<\/h1>/);
    assert.ok(services.lines.includes("A response of another issuer was not used"));
    assert.doesNotMatch(`${pages}${services.lines}`, /canary/);
  });

  it("gives up an issuer that does not answer when the person cancels, at once", async () => {
    issuer.faults.set("token", { kind: "slow", delayMs: 3_600_000 });
    services.signIn.onDidChange(() => {
      if (services.signIn.running?.stage === "redeeming") setTimeout(() => services.signIn.cancel(), 50);
    });
    await fails("cancelled");
  });

  it("stores nothing when the issuer answers after the person has cancelled", async () => {
    issuer.faults.set("token", { kind: "slow", delayMs: 100 });
    const subscription = services.signIn.onDidChange(() => {
      if (services.signIn.running?.stage === "redeeming") services.signIn.cancel();
    });
    await fails("cancelled");
    subscription.dispose();
    await new Promise((resolve) => setTimeout(resolve, 400));
  });

  it("ends when the person cancels while the browser is open", async () => {
    services.browser.open = async () => {
      setImmediate(() => services.signIn.cancel());
      return true;
    };
    await fails("cancelled");
  });

  it("ends when the sign-in page sends no code, and the browser says what to do", async () => {
    const page = shownPage({}, ({ searchParams }) => searchParams.delete("code"));
    await fails("missingCode");
    const [status, html] = await page;
    assert.equal(status, 400);
    assert.match(html, /<h1>Sign-in wasn't completed<\/h1>/);
    assert.match(html, tryAgain);
  });

  it("tells of the page's error missing_code as of any other error", async () => {
    const page = shownPage({}, ({ searchParams }) => {
      searchParams.delete("code");
      searchParams.set("error", "missing_code");
    });
    await fails("issuerError");
    const [status, html] = await page;
    assert.equal(status, 400);
    assert.match(html, /<h1>The sign-in page reported an error<\/h1>/);
  });

  it("tells of an account that does not include Codex, and so does the browser", async () => {
    issuer.setAccount("plus", { entitled: false });
    const page = shownPage();
    try {
      await fails("noEntitlement");
      const [status, html] = await page;
      assert.equal(status, 400);
      assert.match(html, /<h1>Your account doesn't include Codex<\/h1>/);
    } finally {
      issuer.setAccount("plus", { entitled: true });
    }
  });

  it("ends after 10 minutes without an answer", async () => {
    const clock = new ManualClock();
    const slow = await createServices({ issuer: issuer.issuer, clock, openExternal: async () => true });
    const run = slow.signIn.run();
    const failed = assert.rejects(run, (error) => isProblem(error, "timedOut"));
    while (slow.signIn.running?.stage !== "waitingForBrowser") await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10 * 60_000 - 1);
    assert.notEqual(slow.signIn.running, undefined);
    await clock.advance(1);
    await failed;
    assert.equal(clock.pending, 0);
    await slow.dispose();
  });

  it("names the ports when both are taken, and opens no browser", async () => {
    const taken = await Promise.all([occupy(1455), occupy(1457)]);
    let opened = false;
    services.browser.open = async () => {
      opened = true;
      return true;
    };
    await fails("portInUse");
    assert.equal(opened, false);
    await Promise.all(taken.map((server) => new Promise((resolve) => server.close(resolve))));
  });

  it("tells that the browser cannot be opened", async () => {
    services.browser.open = async () => {
      throw new Error("no browser");
    };
    await fails("browserFailed");
  });

  it("keeps waiting when the person copied the link instead of opening it", async () => {
    services.browser.open = async () => false;
    const run = services.signIn.run();
    const failed = assert.rejects(run, (error) => isProblem(error, "cancelled"));
    while (services.signIn.running?.stage !== "waitingForBrowser")
      await new Promise((resolve) => setImmediate(resolve));
    assert.notEqual(services.signIn.running, undefined);
    services.signIn.cancel();
    await failed;
  });
});
