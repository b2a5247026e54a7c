import assert from "node:assert/strict";
import { isProblem } from "../../../src/shared/problem.ts";
import type { Opened } from "../../../src/signin/flow.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp, loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { occupy, release } from "../../support/ports.ts";
import { deviceOf, noticeOf } from "../../support/runningSignIn.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";
import { signInPageBehind } from "../../support/signInAddress.ts";
import { eventually } from "../../support/timing.ts";

describe("Switching the flow of one attempt", () => {
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: string[];
  let asked: number;
  let codesShown: number;
  let troubles: unknown[];
  let opening: Opened | Promise<Opened>;

  before(async () => {
    issuer = await startIssuer({ device: { interval: 1 } });
  });
  after(() => issuer.close());
  beforeEach(async () => {
    opened = [];
    asked = 0;
    codesShown = 0;
    troubles = [];
    opening = "opened";
    services = await createServices({
      issuer: issuer.issuer,
      onSignInEvent: (event) => {
        if (event.type === "openPage") {
          opened.push(event.url);
          event.answer(Promise.resolve(opening));
        }
        if (event.type === "showDeviceCode") codesShown += 1;
        if (event.type === "askForLink") asked += 1;
        if (event.type === "flowFailed") troubles.push(event.error);
      },
    });
  });
  afterEach(async () => {
    issuer.faults.clear();
    issuer.setDevice({ enabled: true });
    services.signIn.cancel();
    await eventually(async () => release([await occupy(1455)]), 1_500);
    await services.dispose();
  });

  const stage = () => services.signIn.running?.stage;
  const waiting = (expected: string) => eventually(() => assert.equal(stage(), expected));

  it("goes from browser to device code and back, and the browser's answer still counts", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("deviceCode");
    assert.deepEqual([stage(), codesShown], ["waitingForDevice", 1]);
    const { running } = services.signIn;
    const { since, until } = running && "until" in running ? running : { since: 0, until: 0 };
    assert.ok(until - since >= 15 * 60_000 && until - since < 15 * 60_000 + 10_000);
    await services.signIn.switchTo("browser");
    assert.deepEqual([stage(), opened.length], ["waitingForBrowser", 2]);
    assert.notEqual(opened[0], opened[1]);
    await browseAs("plus@example.com")(opened[1] ?? "");
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1455/auth/callback");
  });

  it("takes the device code's answer while the browser flow waits too, and asks for one code only", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await Promise.all([services.signIn.switchTo("deviceCode"), services.signIn.switchTo("deviceCode")]);
    const codes = issuer.recordsOf("deviceUserCode").length;
    await services.signIn.switchTo("browser");
    await services.signIn.switchTo("deviceCode");
    assert.equal(issuer.recordsOf("deviceUserCode").length, codes);
    const { userCode } = deviceOf(services.signIn) ?? { userCode: "" };
    await approveDeviceByHttp(issuer.issuer, userCode, "team@example.com", "password");
    await run;
    assert.equal(services.accounts.state.active?.email, "team@example.com");
  });

  it("takes a pasted address while the listener waits, of the same page", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("paste");
    assert.deepEqual([stage(), asked, opened.length], ["waitingForLink", 1, 1]);
    const redirect = await loginByHttp(opened[0] ?? "", "plus@example.com", "password");
    assert.equal(services.signIn.checkPaste("a code alone")?.code, "pasteNotAnAddress");
    assert.throws(
      () => services.signIn.paste("a code alone"),
      (error) => isProblem(error, "pasteNotAnAddress"),
    );
    assert.equal(services.signIn.checkPaste(redirect), undefined);
    const { search } = new URL(redirect);
    assert.equal(services.signIn.checkPaste(search), undefined);
    services.signIn.paste(search);
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
  });

  it("does not take the listener's and the pasted answer both", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    const before = issuer.recordsOf("codeExchange").length;
    const redirect = await loginByHttp(opened[0] ?? "", "plus@example.com", "password");
    const page = fetch(redirect);
    services.signIn.paste(redirect);
    assert.equal((await page).status, 200);
    await run;
    assert.equal(issuer.recordsOf("codeExchange").length, before + 1);
  });

  it("redeems nothing when the person cancels at the moment of the answer", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    const before = issuer.recordsOf("codeExchange").length;
    const redirect = await loginByHttp(opened[0] ?? "", "plus@example.com", "password");
    services.signIn.paste(redirect);
    services.signIn.cancel();
    await assert.rejects(run, (error) => isProblem(error, "cancelled"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(issuer.recordsOf("codeExchange").length, before);
  });

  it("starts with pasting where it is told to, and opens the page without a listener", async () => {
    const run = services.signIn.run({ flow: "paste" });
    await waiting("waitingForLink");
    await eventually(() => assert.equal(opened.length, 1));
    await services.signIn.bringForward();
    assert.deepEqual([asked, opened.length], [2, 1]);
    await assert.rejects(fetch("http://127.0.0.1:1455/"));
    services.signIn.paste(await loginByHttp(opened[0] ?? "", "plus@example.com", "password"));
    await run;
  });

  it("pastes for the port that the page was opened for, whichever that was", async () => {
    const taken = await occupy(1455);
    try {
      const run = services.signIn.run();
      await waiting("waitingForBrowser");
      await services.signIn.switchTo("paste");
      services.signIn.paste(await loginByHttp(opened[0] ?? "", "plus@example.com", "password"));
      await run;
      assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1457/auth/callback");
    } finally {
      await release([taken]);
    }
  });

  it("keeps waiting in the browser when the device code cannot be had", async () => {
    issuer.setDevice({ enabled: false });
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await assert.rejects(services.signIn.switchTo("deviceCode"), (error) => isProblem(error, "deviceCodeDisabled"));
    assert.equal(stage(), "waitingForBrowser");
    issuer.setDevice({ enabled: true });
    await services.signIn.switchTo("deviceCode");
    assert.equal(stage(), "waitingForDevice");
    await browseAs("plus@example.com")(opened[0] ?? "");
    await run;
  });

  it("keeps waiting for the device code when the browser's ports are taken", async () => {
    const taken = [await occupy(1455), await occupy(1457)];
    try {
      const run = services.signIn.run({ flow: "deviceCode" });
      await waiting("waitingForDevice");
      await assert.rejects(services.signIn.switchTo("browser"), (error) => isProblem(error, "portInUse"));
      assert.deepEqual([stage(), opened.length], ["waitingForDevice", 0]);
      const { userCode } = deviceOf(services.signIn) ?? { userCode: "" };
      await approveDeviceByHttp(issuer.issuer, userCode, "plus@example.com", "password");
      await run;
    } finally {
      await release(taken);
    }
  });

  it("goes back to the browser when the device code fails later, and tells the person", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    await services.signIn.switchTo("deviceCode");
    issuer.faults.set("devicetoken", { kind: "region", times: 1 });
    await waiting("waitingForBrowser");
    assert.deepEqual(
      troubles.map((error) => (isProblem(error) ? error.code : error)),
      ["regionBlocked"],
    );
    assert.equal(deviceOf(services.signIn), undefined);
    await browseAs("plus@example.com")(opened[0] ?? "");
    await run;
  });

  it("gives up a flow that is starting when another brings the answer, and tells nothing of it", async () => {
    issuer.faults.set("usercode", { kind: "slow", delayMs: 3_600_000 });
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    const count = issuer.recordsOf("fault").length;
    const switching = services.signIn.switchTo("deviceCode");
    await issuer.waitForRecord("fault", { count: count + 1 });
    await browseAs("plus@example.com")(opened[0] ?? "");
    await Promise.all([run, switching]);
    assert.deepEqual([troubles, codesShown], [[], 0]);
  });

  it("tells nothing of a page that cannot be opened when the answer has come", async () => {
    const run = services.signIn.run();
    await waiting("waitingForBrowser");
    issuer.faults.set("token", { kind: "slow", delayMs: 200, times: 1 });
    const openingAgain = Promise.withResolvers<Opened>();
    opening = openingAgain.promise;
    const again = services.signIn.bringForward();
    await browseAs("plus@example.com")(opened[0] ?? "");
    await waiting("redeeming");
    openingAgain.reject(new Error("no browser"));
    await Promise.all([run, again]);
  });

  it("says what became of a link that VS Code did not open, and takes it back when it did", async () => {
    opening = "copied";
    const run = services.signIn.run();
    await eventually(() => assert.equal(noticeOf(services.signIn), "linkCopied"));
    opening = "notOpened";
    await services.signIn.bringForward();
    assert.equal(noticeOf(services.signIn), "linkNotOpened");
    opening = "opened";
    await services.signIn.bringForward();
    assert.equal(noticeOf(services.signIn), undefined);
    assert.equal(services.signIn.link, await signInPageBehind(opened.at(-1) ?? ""));
    await browseAs("plus@example.com")(services.signIn.link ?? "");
    await run;
    assert.equal(services.signIn.link, undefined);
  });

  it("does nothing when no sign-in runs", async () => {
    await services.signIn.switchTo("deviceCode");
    await services.signIn.bringForward();
    assert.equal(services.signIn.running, undefined);
    assert.equal(
      services.signIn.checkPaste("http://localhost:1455/auth/callback?code=x&state=y")?.code,
      "pasteOtherSignIn",
    );
  });

  for (const flow of ["browser", "deviceCode", "paste"] as const) {
    it(`cancels from ${flow}, and frees the port`, async () => {
      const run = services.signIn.run({ flow });
      await eventually(() => assert.match(stage() ?? "", /^waiting/));
      services.signIn.cancel();
      await assert.rejects(run, (error) => isProblem(error, "cancelled"));
      await eventually(async () => release([await occupy(1455)]));
    });
  }

  it("cancels while the service is asked for a device code", async () => {
    issuer.faults.set("usercode", { kind: "slow", delayMs: 3_600_000 });
    const run = services.signIn.run({ flow: "deviceCode" });
    const count = issuer.recordsOf("fault").length;
    await issuer.waitForRecord("fault", { count: Math.max(count, 1) });
    services.signIn.cancel();
    await assert.rejects(run, (error) => isProblem(error, "cancelled"));
  });
});
