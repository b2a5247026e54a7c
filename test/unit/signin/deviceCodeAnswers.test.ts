import assert from "node:assert/strict";
import { isProblem, Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { approved, minute, pending, second, started, startFlow } from "./deviceCodeFixture.ts";
import type { Scripted } from "./scriptedHttp.ts";

const error = (status: number, code: string): Scripted => ({ status, json: { error: { code } } });
const serviceError = (status: number, code: string): Scripted => ({
  status,
  json: { error: { message: "No.", type: "invalid_request_error", param: null, code } },
});
const page = (status: number): Scripted => ({ status, looksLikePage: true });
const html = (status: number): Scripted => ({ status, headers: { "content-type": "text/html" } });

describe("The issuer's answers to a device code flow", () => {
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
});
