import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { startIssuer } from "../../issuer/issuer.ts";
import { authorizationRequest, signInByHttp } from "../../issuer/login.ts";
import type { Fault, TestIssuer } from "../../issuer/types.ts";
import { type Answer, exchangeForKey, get, postJson, refresh } from "./calls.ts";

describe("test issuer: faults", () => {
  let issuer: TestIssuer;
  let token: string;
  beforeEach(async () => {
    issuer = await startIssuer();
    token = (await signInByHttp(issuer.origin, "plus@example.com")).refresh_token;
  });
  afterEach(() => issuer.close());

  const answers: [Fault, (answer: Answer) => void][] = [
    [
      { kind: "status", status: 429, code: "rate_limit_exceeded", headers: { "retry-after": "7" } },
      ({ status, body, headers }) =>
        assert.deepEqual([status, body.error.code, headers.get("retry-after")], [429, "rate_limit_exceeded", "7"]),
    ],
    [{ kind: "serverError" }, ({ status, body }) => assert.deepEqual([status, body.error.code], [500, "server_error"])],
    [{ kind: "serverError", status: 503 }, ({ status }) => assert.equal(status, 503)],
    [
      { kind: "region" },
      ({ status, body }) => assert.deepEqual([status, body.error.code], [403, "unsupported_country_region_territory"]),
    ],
    [
      { kind: "edgePage" },
      ({ status, body, headers }) => {
        assert.equal(status, 403);
        assert.match(body, /Cloudflare/);
        assert.ok(headers.get("cf-ray"));
      },
    ],
    [
      { kind: "html" },
      ({ status, body }) => {
        assert.equal(status, 200);
        assert.match(body, /^<!DOCTYPE html>/);
      },
    ],
    [{ kind: "wrongTypes" }, ({ status, body }) => assert.deepEqual([status, body.access_token], [200, 42])],
    [{ kind: "oversized" }, ({ body }) => assert.equal(body.access_token.length, 5 * 1024 * 1024)],
    [
      { kind: "redirect", location: "http://127.0.0.2:9/" },
      ({ status, headers }) => assert.deepEqual([status, headers.get("location")], [302, "http://127.0.0.2:9/"]),
    ],
  ];
  for (const [fault, check] of answers) {
    it(`${fault.kind}${fault.kind === "serverError" ? ` ${fault.status ?? ""}` : ""}: once, without processing the request`, async () => {
      issuer.faults.set("token", { ...fault, times: 1 });
      check(await refresh(issuer.origin, token));
      assert.equal(issuer.recordsOf("refresh").length, 0);
      assert.deepEqual(
        issuer.recordsOf("fault").map(({ kind }) => kind),
        [fault.kind],
      );
      assert.equal((await refresh(issuer.origin, token)).status, 200, "the token was not used");
    });
  }

  it("truncated: JSON without its end", async () => {
    issuer.faults.set("token", { kind: "truncated", times: 1 });
    await assert.rejects(refresh(issuer.origin, token), SyntaxError);
    assert.equal((await refresh(issuer.origin, token)).status, 200);
  });

  for (const kind of ["closeBefore", "closeDuring"] as const) {
    it(`${kind}: the connection ends before the token is used`, async () => {
      issuer.faults.set("token", { kind, times: 1 });
      await assert.rejects(refresh(issuer.origin, token), TypeError);
      assert.equal((await refresh(issuer.origin, token)).status, 200);
    });
  }

  it("closeAfter: the token is used and the answer lost", async () => {
    issuer.faults.set("token", { kind: "closeAfter", times: 1 });
    await assert.rejects(refresh(issuer.origin, token), TypeError);
    assert.equal(issuer.recordsOf("refresh")[0]?.outcome, "rotated");
    assert.equal((await refresh(issuer.origin, token)).body.error.code, "refresh_token_reused");
  });

  it("processed: the request is processed and its answer replaced", async () => {
    issuer.faults.set("token", { kind: "serverError", status: 502, processed: true, times: 1 });
    assert.equal((await refresh(issuer.origin, token)).status, 502);
    assert.equal(issuer.recordsOf("refresh")[0]?.outcome, "rotated");
  });

  it("slow: waits, then answers as usual", async () => {
    issuer.faults.set("token", { kind: "slow", delayMs: 80, times: 1 });
    const start = performance.now();
    assert.equal((await refresh(issuer.origin, token)).status, 200);
    assert.ok(performance.now() - start >= 79);
  });

  it("slow: a client that gives up has done nothing", async () => {
    issuer.faults.set("token", { kind: "slow", delayMs: 60_000, times: 1 });
    const stop = new AbortController();
    const body = new URLSearchParams({ refresh_token: token });
    const request = fetch(`${issuer.origin}/oauth/token`, { method: "POST", body, signal: stop.signal });
    await issuer.waitForRecord("fault");
    stop.abort();
    await assert.rejects(request);
    assert.equal((await refresh(issuer.origin, token)).status, 200);
    assert.equal(issuer.recordsOf("refresh").length, 1);
  });

  it("hits one grant only, as often as asked, until cleared", async () => {
    const { id_token } = await signInByHttp(issuer.origin, "plus@example.com");
    issuer.faults.set("token", { kind: "region", grant: "token-exchange", times: 2 });
    assert.equal((await refresh(issuer.origin, token)).status, 200);
    const statuses = [];
    for (let round = 0; round < 3; round += 1) {
      statuses.push((await exchangeForKey(issuer.origin, id_token)).status);
    }
    assert.deepEqual(statuses, [403, 403, 200]);
    issuer.faults.set("models", { kind: "serverError" });
    assert.equal((await get(`${issuer.apiBaseUrl}/models`)).status, 500);
    assert.equal((await get(`${issuer.apiBaseUrl}/models`)).status, 500);
    issuer.faults.clear("models");
    assert.equal((await get(`${issuer.apiBaseUrl}/models`)).status, 401);
  });

  it("reaches every endpoint", async () => {
    const { origin, apiBaseUrl } = issuer;
    const requests = {
      authorize: () => get(authorizationRequest(origin).url),
      token: () => refresh(origin, token),
      revoke: () => postJson(`${origin}/oauth/revoke`, { token }),
      models: () => get(`${apiBaseUrl}/models`),
      redeem: () => postJson(`${apiBaseUrl}/billing/redeem_credits`, {}),
      usercode: () => postJson(`${origin}/api/accounts/deviceauth/usercode`, {}),
      devicetoken: () => postJson(`${origin}/api/accounts/deviceauth/token`, {}),
    };
    for (const [endpoint, request] of Object.entries(requests)) {
      issuer.faults.set(endpoint as keyof typeof requests, { kind: "status", status: 418, times: 1 });
      assert.equal((await request()).status, 418, endpoint);
      assert.notEqual((await request()).status, 418, endpoint);
    }
  });

  it("ends idle and running connections on close", async () => {
    const { hostname, port } = new URL(issuer.origin);
    const idle = connect(Number(port), hostname);
    await once(idle, "connect");
    issuer.faults.set("token", { kind: "slow", delayMs: 60_000 });
    const running = assert.rejects(refresh(issuer.origin, token));
    await issuer.waitForRecord("fault");
    const closed = once(idle, "close");
    idle.on("error", () => {});
    await issuer.close();
    await Promise.all([running, closed]);
  });
});
