import assert from "node:assert/strict";
import { isProblem, Problem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { becomesFree } from "../../support/ports.ts";
import { deviceOf } from "../../support/runningSignIn.ts";
import { createServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";
import { approved, issuer, minute, pending, second, startFlow } from "./deviceCodeFixture.ts";

describe("Signing in with a device code", () => {
  it("asks as the protocol says, shows the code and redeems what the issuer gives", async () => {
    const flow = await startFlow([pending, approved]);
    assert.deepEqual(flow.state.device, { userCode: "ABCD-12345", page: `${issuer}/codex/device` });
    assert.equal(flow.shown, 1);
    await flow.attempt.flows.reveal();
    assert.equal(flow.shown, 2);
    await flow.clock.advance(11 * second);
    assert.deepEqual(
      flow.http.requests.map(({ method, url, json }) => ({ method, url, json })),
      [
        {
          method: "POST",
          url: `${issuer}/api/accounts/deviceauth/usercode`,
          json: { client_id: "app_EMoamEEZ73f0CkXaXp7hrann" },
        },
        ...[0, 1].map(() => ({
          method: "POST",
          url: `${issuer}/api/accounts/deviceauth/token`,
          json: { device_auth_id: "device-1", user_code: "ABCD-12345" },
        })),
      ],
    );
    assert.deepEqual(flow.grants, [
      { code: "code-1", codeVerifier: "verifier-1", redirectUri: `${issuer}/deviceauth/callback` },
    ]);
    assert.equal(flow.ended, "signed in");
    assert.equal(flow.clock.pending, 0);
    assert.doesNotMatch(flow.lines.join("\n"), /ABCD|device-1|code-1|verifier-1/);
  });

  it("knows the code under its other name", async () => {
    const flow = await startFlow([pending], { json: { device_auth_id: "d", usercode: "WXYZ-99" } });
    assert.equal(flow.state.device.userCode, "WXYZ-99");
    flow.attempt.cancel();
  });

  for (const wallMs of [-60 * minute, 60 * minute]) {
    it(`gives the person 15 minutes though the clock is set by ${wallMs / minute} minutes`, async () => {
      const flow = await startFlow([pending], undefined, wallMs);
      assert.equal(flow.state.until, flow.clock.now() + 15 * minute, "the time is shown by the clock as it is");
      flow.clock.setWall(-wallMs);
      await flow.clock.advance(15 * minute - 1);
      assert.equal(flow.ended, "running");
      await flow.clock.advance(1);
      assert.equal(flow.ended, "timedOut");
    });
  }

  it("gives the person 15 minutes, to the second", async () => {
    const flow = await startFlow([pending]);
    assert.equal(flow.state.until, 15 * minute);
    await flow.clock.advance(15 * minute - 1);
    assert.equal(flow.ended, "running");
    await flow.clock.advance(1);
    assert.equal(flow.ended, "timedOut");
    const asked = flow.polls.length;
    await flow.clock.advance(minute);
    assert.equal(flow.polls.length, asked);
    assert.equal(flow.clock.pending, 0);
  });

  it("tells of a service that stays silent, takes it back, and names it when the time is up", async () => {
    const silent = new Problem("unreachable");
    const flow = await startFlow([silent, silent, pending, silent]);
    await flow.clock.advance(5 * second);
    assert.equal(flow.state.notice, undefined);
    await flow.clock.advance(10 * second);
    assert.equal(flow.state.notice, "serviceSilent");
    await flow.clock.advance(20 * second);
    assert.equal(flow.state.notice, undefined);
    await flow.clock.advance(15 * minute);
    assert.equal(flow.ended, "unreachable");
  });

  it("is out of time when the computer has slept through it", async () => {
    const silent = new Problem("unreachable");
    const flow = await startFlow([silent, silent, pending]);
    await flow.clock.advance(15 * second);
    flow.clock.jump(15 * minute);
    await flow.clock.advance(20 * second);
    assert.equal(flow.ended, "timedOut");
  });

  for (const [name, ms] of [
    ["forward", 300 * 24 * 60 * minute],
    ["back", -300 * 24 * 60 * minute],
  ] as const) {
    it(`gives the person their 15 minutes when the clock is set ${name}`, async () => {
      const flow = await startFlow([pending]);
      await flow.clock.advance(6 * second);
      flow.clock.setWall(ms);
      await flow.clock.advance(14 * minute);
      assert.equal(flow.ended, "running");
      await flow.clock.advance(minute);
      assert.equal(flow.ended, "timedOut");
    });
  }

  it("stops when it is cancelled while it waits", async () => {
    const flow = await startFlow([pending]);
    await flow.clock.advance(6 * second);
    flow.attempt.cancel();
    await flow.clock.advance(10 * minute);
    assert.deepEqual(flow.polls, [5]);
    assert.equal(flow.ended, "cancelled");
    assert.equal(flow.clock.pending, 0);
  });

  it("stops at once when it is cancelled while it asks", async () => {
    const flow = await startFlow(["hang"]);
    await flow.clock.advance(5 * second);
    flow.attempt.cancel();
    await flow.clock.advance(0);
    assert.equal(flow.http.requests.at(-1)?.signal?.aborted, true);
    assert.equal(flow.ended, "cancelled");
    assert.equal(flow.clock.pending, 0);
  });

  it("leaves the attempt to a flow that is still starting when it fails", async () => {
    const flow = await startFlow([{ status: 403, json: { error: { code: "unsupported_country_region_territory" } } }]);
    void flow.attempt.flows.show("browser");
    await flow.clock.advance(5 * second);
    await eventually(() => assert.equal(flow.attempt.state.stage, "waitingForBrowser"));
    assert.equal(flow.ended, "running");
    flow.attempt.cancel();
    assert.equal(await becomesFree(1455), true);
  });

  it("stops asking when another flow brought the answer", async () => {
    const flow = await startFlow([pending]);
    flow.attempt.enter("redeeming");
    await flow.clock.advance(0);
    flow.succeed();
    await flow.clock.advance(minute);
    assert.deepEqual(flow.polls, []);
    assert.equal(flow.ended, "signed in");
    assert.equal(flow.clock.pending, 0);
  });
});

describe("Signing in with a device code at the issuer", () => {
  let server: TestIssuer;
  before(async () => {
    server = await startIssuer({ device: { interval: 1 } });
  });
  after(() => server.close());
  afterEach(() => server.faults.clear());

  it("stores the credential of whoever entered the code, and cancels without waiting for an answer", async () => {
    const services = await createServices({ issuer: server.issuer, signIn: { preferredFlow: () => "deviceCode" } });
    const run = services.signIn.run();
    while (!deviceOf(services.signIn)) await new Promise((resolve) => setImmediate(resolve));
    const { userCode } = deviceOf(services.signIn) ?? { userCode: "" };
    await approveDeviceByHttp(server.issuer, userCode, "plus@example.com", "password");
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    assert.equal(server.recordsOf("codeExchange").at(-1)?.redirectUri, `${server.issuer}/deviceauth/callback`);
    const again = services.signIn.run();
    while (!deviceOf(services.signIn)) await new Promise((resolve) => setImmediate(resolve));
    server.faults.set("devicetoken", { kind: "slow", delayMs: 3_600_000 });
    const faults = server.recordsOf("fault").length;
    await server.waitForRecord("fault", { count: faults + 1 });
    services.signIn.cancel();
    await assert.rejects(again, (reason) => isProblem(reason, "cancelled"));
    const text = services.lines.join("\n");
    for (const { value, kind } of server.secrets()) assert.ok(!text.includes(value), `a ${kind} is in the log`);
    await services.dispose();
  });

  it("ends when the person presses Cancel on the page", async () => {
    const services = await createServices({ issuer: server.issuer, signIn: { preferredFlow: () => "deviceCode" } });
    const failed = assert.rejects(services.signIn.run(), (reason) => isProblem(reason, "accessDenied"));
    while (!deviceOf(services.signIn)) await new Promise((resolve) => setImmediate(resolve));
    const { userCode } = deviceOf(services.signIn) ?? { userCode: "" };
    await approveDeviceByHttp(server.issuer, userCode, "plus@example.com", "password", { cancel: true });
    await failed;
    await services.dispose();
  });
});
