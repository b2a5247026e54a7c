import assert from "node:assert/strict";
import { isProblem, Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { Attempt, type Grant } from "../../../src/signin/attempt.ts";
import { startDeviceCodeFlow } from "../../../src/signin/deviceCode.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { approveDeviceByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { createServices } from "../../support/services.ts";
import { type Scripted, ScriptedHttp } from "./scriptedHttp.ts";

const second = 1000;
const minute = 60 * second;
const issuer = "https://issuer.test";
const started = { json: { device_auth_id: "device-1", user_code: "ABCD-12345", interval: "5" } };
const pending = { status: 403, json: { error: { code: "deviceauth_authorization_unknown" } } };
const approved = { json: { authorization_code: "code-1", code_verifier: "verifier-1", code_challenge: "x" } };
const error = (status: number, code: string): Scripted => ({ status, json: { error: { code } } });
const serviceError = (status: number, code: string): Scripted => ({
  status,
  json: { error: { message: "No.", type: "invalid_request_error", param: null, code } },
});
const page = (status: number): Scripted => ({ status, looksLikePage: true });
const html = (status: number): Scripted => ({ status, headers: { "content-type": "text/html" } });

/** A device code flow against an issuer that answers as told, by a clock that is turned by hand. */
async function startFlow(script: readonly Scripted[], start: Scripted = started) {
  const clock = new ManualClock(0);
  const at: number[] = [];
  const http = new ScriptedHttp([start, ...script], () => at.push(clock.now()));
  const grants: Grant[] = [];
  const attempt = new Attempt(
    clock,
    async (grant) => {
      grants.push(grant);
    },
    () => {},
  );
  let ended: unknown = "running";
  attempt.outcome.then(
    () => {
      ended = "signed in";
    },
    (reason: unknown) => {
      ended = isProblem(reason) ? reason.code : reason;
    },
  );
  let shown = 0;
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const forward = await startDeviceCodeFlow(attempt, {
    ...{ clock, http, issuer },
    log: { debug: write, info: write, warn: write, error: write },
    openExternal: async () => "opened",
    setUpUrl: () => undefined,
    allowedWorkspaces: [],
    chooseAccount: false,
    showDeviceCode: () => {
      shown += 1;
    },
    askForLink: () => {},
    onFailure: (_flow, reason) => attempt.fail(reason),
  });
  return {
    ...{ attempt, clock, http, grants, forward, lines },
    get ended() {
      return ended;
    },
    get shown() {
      return shown;
    },
    /** When the issuer was asked, s since the code came. */
    get polls() {
      return at.slice(1).map((ms) => ms / second);
    },
  };
}

describe("Signing in with a device code", () => {
  it("asks as the protocol says, shows the code and redeems what the issuer gives", async () => {
    const flow = await startFlow([pending, approved]);
    assert.equal(flow.attempt.stage, "waitingForDevice");
    assert.equal(flow.attempt.device?.userCode, "ABCD-12345");
    assert.equal(flow.attempt.device?.verificationUri, `${issuer}/codex/device`);
    assert.equal(flow.shown, 1);
    await flow.forward();
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
    assert.equal(flow.attempt.device?.userCode, "WXYZ-99");
    flow.attempt.cancel();
  });

  const starts: readonly [string, Scripted, ProblemCode][] = [
    ["404", error(404, "not_found"), "deviceCodeDisabled"],
    ["404 in HTML", html(404), "deviceCodeDisabled"],
    ["429", { status: 429 }, "rateLimited"],
    ["500", error(500, "server_error"), "serviceFailed"],
    ["403 for the region", error(403, "unsupported_country_region_territory"), "regionBlocked"],
    ["403 with a protection page", html(403), "edgeBlocked"],
    ["200 with a portal's page", html(200), "unreadableAnswer"],
    ["200 with an error", error(200, "server_error"), "serviceFailed"],
    ["511", html(511), "networkSignIn"],
    ["302", { status: 302 }, "unreadableAnswer"],
    ["no code", { json: { device_auth_id: "d" } }, "unreadableAnswer"],
    ["a code that is a link", { json: { ...started.json, user_code: "[x](command:y)" } }, "unreadableAnswer"],
    ["a code that is too long", { json: { ...started.json, user_code: "A".repeat(33) } }, "unreadableAnswer"],
    ["an id that is too long", { json: { ...started.json, device_auth_id: "x".repeat(4097) } }, "unreadableAnswer"],
    ["no network", new Problem("dnsFailed"), "dnsFailed"],
  ];
  for (const [name, answer, code] of starts) {
    it(`ends with ${code} when the answer to the first request is ${name}`, async () => {
      await assert.rejects(startFlow([pending], answer), (reason) => isProblem(reason, code));
    });
  }

  const intervals: readonly [unknown, number][] = [
    ["5", 5],
    ["1", 1],
    ["12", 12],
    [7, 7],
    ["0", 5],
    ["-3", 5],
    ["soon", 5],
    ["", 5],
    [undefined, 5],
    [null, 5],
    [[], 5],
    ["86400", 60],
    ["1e300", 60],
    ["Infinity", 60],
    ["0.001", 1],
    [1e-9, 1],
    ["NaN", 5],
    [{}, 5],
    [true, 5],
  ];
  for (const [interval, expected] of intervals) {
    it(`asks every ${expected} s when the interval is ${JSON.stringify(interval)}`, async () => {
      const flow = await startFlow([pending], { json: { ...started.json, interval } });
      await flow.clock.advance(3 * expected * second);
      assert.deepEqual(flow.polls, [expected, 2 * expected, 3 * expected]);
      flow.attempt.cancel();
    });
  }

  const s = (...seconds: number[]) => seconds;
  const answers: readonly [string, Scripted[], number[], string][] = [
    ["403", [pending, pending, approved], s(5, 10, 15), "signed in"],
    ["403 without a body", [{ status: 403 }, approved], s(5, 10), "signed in"],
    ["404", [error(404, "not_found"), approved], s(5, 10), "signed in"],
    ["404 without a body", [{ status: 404 }, approved], s(5, 10), "signed in"],
    ["400 authorization_pending", [error(400, "authorization_pending"), approved], s(5, 10), "signed in"],
    ["429", [{ status: 429 }, pending, approved], s(5, 15, 25), "signed in"],
    ["429 twice", [{ status: 429 }, { status: 429 }, approved], s(5, 15, 30), "signed in"],
    ["429 with Retry-After", [{ status: 429, headers: { "retry-after": "40" } }, approved], s(5, 45), "signed in"],
    [
      "429 with a shorter Retry-After",
      [{ status: 429, headers: { "retry-after": "1" } }, approved],
      s(5, 15),
      "signed in",
    ],
    [
      "429 with an hour to wait",
      [{ status: 429, headers: { "retry-after": "3600" } }, approved],
      s(5, 65),
      "signed in",
    ],
    ["429 with a date", [{ status: 429, headers: { "retry-after": "Wed, 21 Oct" } }, approved], s(5, 15), "signed in"],
    ["403 slow_down", [error(403, "slow_down"), pending, approved], s(5, 15, 25), "signed in"],
    ["400 slow_down", [error(400, "slow_down"), approved], s(5, 15), "signed in"],
    [
      "a network that is gone",
      [new Problem("dnsFailed"), new Problem("unreachable"), approved],
      s(5, 15, 35),
      "signed in",
    ],
    ["a lost answer", [new Problem("answerLost"), pending, approved], s(5, 15, 20), "signed in"],
    ["a proxy that fails", [new Problem("proxyFailed"), approved], s(5, 15), "signed in"],
    ["a certificate that is not trusted", [new Problem("tlsFailed"), approved], s(5, 15), "signed in"],
    ["500", [error(500, "server_error"), approved], s(5, 15), "signed in"],
    ["502 in HTML", [html(502), approved], s(5, 15), "signed in"],
    ["503", [{ status: 503 }, approved], s(5, 15), "signed in"],
    ["511", [html(511), approved], s(5, 15), "signed in"],
    ["200 with a portal's page", [html(200), approved], s(5, 15), "signed in"],
    ["200 with half an answer", [{ json: { authorization_code: "x" } }, approved], s(5, 15), "signed in"],
    ["302", [{ status: 302 }, approved], s(5, 15), "signed in"],
    ["one protection page", [html(403), approved], s(5, 15), "signed in"],
    ["one protection page that is declared as nothing", [page(403), approved], s(5, 15), "signed in"],
    ["such pages only", [page(403)], s(5, 15, 35, 75, 135), "edgeBlocked"],
    ["200 with an error", [error(200, "server_error"), approved], s(5, 15), "signed in"],
    ["200 with a denial", [error(200, "access_denied")], s(5), "accessDenied"],
    ["protection pages only", [html(403)], s(5, 15, 35, 75, 135), "edgeBlocked"],
    ["403 for the region", [error(403, "unsupported_country_region_territory")], s(5), "regionBlocked"],
    ["400 access_denied", [error(400, "access_denied")], s(5), "accessDenied"],
    ["403 access_denied", [error(403, "access_denied")], s(5), "accessDenied"],
    ["400 expired_token", [error(400, "expired_token")], s(5), "timedOut"],
    ["400 temporarily_unavailable", [error(400, "temporarily_unavailable"), approved], s(5, 15), "signed in"],
    ["401 server_error", [serviceError(401, "server_error"), approved], s(5, 15), "signed in"],
    ...[200, 400, 401, 403].map((status): [string, Scripted[], number[], string] => [
      `${status} rate_limit_exceeded`,
      [serviceError(status, "rate_limit_exceeded"), approved],
      s(5, 15),
      "signed in",
    ]),
    ["400 of another kind", [error(400, "invalid_request")], s(5), "exchangeRefused"],
    ["401", [serviceError(401, "unauthorized")], s(5), "exchangeRefused"],
    ["401 of a gateway", [error(401, "unauthorized"), approved], s(5, 15), "signed in"],
    ["401 of a portal", [{ status: 401, json: { status: "login required" } }, approved], s(5, 15), "signed in"],
    ["401 without a body", [{ status: 401 }, approved], s(5, 15), "signed in"],
    ["401 in HTML", [html(401), approved], s(5, 15), "signed in"],
    ["401 access_denied", [error(401, "access_denied")], s(5), "accessDenied"],
    ["407", [{ status: 407 }, approved], s(5, 15), "signed in"],
    ...[302, 500, 502, 503, 504, 529].flatMap((status): [string, Scripted[], number[], string][] =>
      ["access_denied", "expired_token", "__proto__", "unsupported_country_region_territory"].map((code) => [
        `${status} ${code}`,
        [error(status, code), approved],
        s(5, 15),
        "signed in",
      ]),
    ),
  ];
  for (const [name, script, polls, outcome] of answers) {
    it(`asks at ${polls.join(", ")} s and ends with “${outcome}” when the answer is ${name}`, async () => {
      const flow = await startFlow(script);
      await flow.clock.advance(5 * minute);
      assert.deepEqual(flow.polls, polls);
      assert.equal(flow.ended, outcome);
      assert.equal(flow.clock.pending, 0);
    });
  }

  it("never asks faster than the interval, whatever the answers", async () => {
    const all = answers
      .filter(([, , , outcome]) => outcome === "signed in")
      .flatMap(([, script]) => script.slice(0, -1));
    const flow = await startFlow([...all, approved]);
    await flow.clock.advance(14 * minute);
    const gaps = flow.polls.map((at, index) => at - (flow.polls[index - 1] ?? 0));
    assert.ok(gaps.length > 10, String(gaps));
    assert.ok(
      gaps.every((gap) => gap >= 5 && gap <= 60),
      String(gaps),
    );
    flow.attempt.cancel();
  });

  it("gives the person 15 minutes, to the second", async () => {
    const flow = await startFlow([pending]);
    assert.equal(flow.attempt.until, 15 * minute);
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
    assert.equal(flow.attempt.notice, undefined);
    await flow.clock.advance(10 * second);
    assert.equal(flow.attempt.notice, "serviceSilent");
    await flow.clock.advance(20 * second);
    assert.equal(flow.attempt.notice, undefined);
    await flow.clock.advance(15 * minute);
    assert.equal(flow.ended, "unreachable");
  });

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

  it("stops asking when another flow brought the answer", async () => {
    const flow = await startFlow([pending]);
    await flow.attempt.redeem({ code: "from the browser", codeVerifier: "v", redirectUri: "r" });
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
    const services = await createServices({ issuer: server.issuer, signIn: { firstFlow: () => "deviceCode" } });
    const run = services.signIn.run();
    while (!services.signIn.running?.device) await new Promise((resolve) => setImmediate(resolve));
    const { userCode } = services.signIn.running.device;
    await approveDeviceByHttp(server.issuer, userCode, "plus@example.com", "password");
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    assert.equal(server.recordsOf("codeExchange").at(-1)?.redirectUri, `${server.issuer}/deviceauth/callback`);
    const again = services.signIn.run();
    while (!services.signIn.running?.device) await new Promise((resolve) => setImmediate(resolve));
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
    const services = await createServices({ issuer: server.issuer, signIn: { firstFlow: () => "deviceCode" } });
    const failed = assert.rejects(services.signIn.run(), (reason) => isProblem(reason, "accessDenied"));
    while (!services.signIn.running?.device) await new Promise((resolve) => setImmediate(resolve));
    const { userCode } = services.signIn.running.device;
    await approveDeviceByHttp(server.issuer, userCode, "plus@example.com", "password", { cancel: true });
    await failed;
    await services.dispose();
  });
});
