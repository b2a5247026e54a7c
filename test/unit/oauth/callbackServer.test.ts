import assert from "node:assert/strict";
import { connect } from "node:net";
import { pages } from "../../../src/oauth/callbackPages.ts";
import { CallbackServer } from "../../../src/oauth/callbackServer.ts";
import { freePort, issuer, otherIssuers, type Reply, send, useCallbackServer } from "./callbackFixture.ts";

describe("CallbackServer", () => {
  const fixture = useCallbackServer();
  const { state, expected, answers, lines, log, callback } = fixture;
  const code = "code-canary-1234567890";

  it("takes the code that comes with its state and sends the browser to a page without it", async () => {
    const reply = await callback(`code=${code}&state=${state}`);
    assert.deepEqual(answers, [{ code }]);
    assert.equal(reply.status, 302);
    assert.equal(reply.headers.location, `http://localhost:${fixture.port}/success`);
    const page = await send(fixture.port, "/success");
    assert.equal(page.status, 200);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.match(page.body, /You're signed in/);
    await fixture.server.shown;
  });

  it("sends every page with the headers that keep it to itself, and closes the connection", async () => {
    for (const path of [
      "/auth/callback?state=wrong",
      "/success",
      "/favicon.ico",
      `/auth/callback?error=x&state=${state}`,
    ]) {
      const { headers, body } = await send(fixture.port, path);
      assert.equal(headers["content-type"], "text/html; charset=utf-8", path);
      assert.equal(headers["content-length"], String(Buffer.byteLength(body)), path);
      assert.equal(headers["cache-control"], "no-store", path);
      assert.equal(headers["referrer-policy"], "no-referrer", path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["cross-origin-opener-policy"], "same-origin", path);
      assert.match(String(headers["content-security-policy"]), /^default-src 'none'; style-src 'sha256-/, path);
      assert.equal(headers.connection, "close", path);
    }
  });

  it("reflects nothing of a request", async () => {
    const reply = await callback(`error=canary<script>&error_description=canary-text&state=${state}`);
    assert.doesNotMatch(reply.body, /canary|<script/);
  });

  it("accepts the one known suffix of the state and no other", async () => {
    assert.equal((await callback(`code=a&state=${state}.onboarding_entrypoint=other`)).status, 400);
    assert.equal((await callback(`code=${code}&state=${state}.onboarding_entrypoint=life_sciences`)).status, 302);
    assert.deepEqual(answers, [{ code }]);
  });

  it("believes an error only with the right state", async () => {
    assert.equal((await callback("error=access_denied&state=wrong")).status, 400);
    assert.deepEqual(answers, []);
    const reply = await callback(`error=access_denied&state=${state}`);
    assert.match(reply.body, /denied/);
    assert.deepEqual(answers, [{ error: "access_denied", entitlement: false }]);
  });

  it("takes the issuer's error missing_code for an error, and not for a missing code", async () => {
    await callback(`error=missing_code&state=${state}`);
    assert.deepEqual(answers, [{ error: "missing_code", entitlement: false }]);
  });

  it("tells the missing entitlement apart", async () => {
    await callback(`error=access_denied&error_description=missing_codex_entitlement&state=${state}`);
    assert.deepEqual(answers.slice(), [{ error: "access_denied", entitlement: true }]);
    const other = new CallbackServer({
      ...{ expected, log },
      handler: async (answer) => {
        answers.push(answer);
        return { failure: pages.issuerError() };
      },
    });
    const at = await other.listen([await freePort()]);
    await send(at, `/auth/callback?error=server_error&error_description=missing_codex_entitlement&state=${state}`);
    assert.deepEqual(answers.slice(1), [{ error: "server_error", entitlement: false }]);
    await other.close();
  });

  it("gives a browser that asks twice the same answer", async () => {
    const replies = await Promise.all([1, 2, 3].map(() => callback(`code=${code}&state=${state}`)));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [302, 302, 302],
    );
    assert.equal(answers.length, 1);
  });

  it("takes an answer that names the issuer, and one that names none", async () => {
    assert.equal((await callback(`code=${code}&state=${state}&iss=${encodeURIComponent(issuer)}`)).status, 302);
    assert.deepEqual(answers, [{ code }]);
  });

  for (const iss of otherIssuers) {
    it(`takes nothing that names another issuer, and keeps waiting: ${iss.slice(0, 60)}`, async () => {
      for (const what of [`code=${code}`, "error=access_denied", ""]) {
        const reply = await callback(`${what}&state=${state}&${iss}`);
        assert.equal(reply.status, 400);
        assert.match(
          reply.body,
          /<h1>This (response came from another sign-in service|request couldn't be understood)/,
        );
        assert.doesNotMatch(reply.body, /canary/);
      }
      assert.deepEqual(answers, []);
      assert.doesNotMatch(lines.join(), /canary|https:/);
      assert.equal((await callback(`code=${code}&state=${state}`)).status, 302);
      assert.deepEqual(answers, [{ code }]);
    });
  }

  it("tells the log of another issuer, once, and the page of one only to who knows the state", async () => {
    const iss = "iss=https%3A%2F%2Fcanary.example";
    for (let times = 0; times < 3; times += 1) {
      assert.match((await callback(`code=a&state=wrong&${iss}`)).body, /belongs to another sign-in/);
      assert.match((await callback(`code=a&state=${state}&${iss}`)).body, /chatgptSignIn\.issuer/);
    }
    assert.deepEqual(lines, ["A response of another issuer was not used"]);
  });

  const strays: readonly [string, () => Promise<Reply>, number][] = [
    ["/favicon.ico", () => send(fixture.port, "/favicon.ico"), 404],
    ["the root", () => send(fixture.port, "/"), 404],
    ["/cancel, with which other clients end a login", () => send(fixture.port, "/cancel"), 404],
    [
      "a path that only begins like the callback",
      () => send(fixture.port, `/auth/callbackX?code=a&state=${state}`),
      404,
    ],
    ["/success before its time", () => send(fixture.port, "/success"), 404],
    ["no state", () => callback("code=abc"), 400],
    ["a wrong state", () => callback(`code=abc&state=${"x".repeat(43)}`), 400],
    ["an empty state", () => callback("code=abc&state="), 400],
    ["two states", () => callback(`code=abc&state=${state}&state=${state}`), 400],
    ["two codes", () => callback(`code=abc&code=def&state=${state}`), 400],
    ["two errors", () => callback(`error=a&error=b&state=${state}`), 400],
    ["POST", () => send(fixture.port, `/auth/callback?code=abc&state=${state}`, { method: "POST" }), 405],
    ["HEAD", () => send(fixture.port, `/auth/callback?code=abc&state=${state}`, { method: "HEAD" }), 405],
    ["OPTIONS", () => send(fixture.port, "/auth/callback", { method: "OPTIONS" }), 405],
    [
      "another Host",
      () => send(fixture.port, `/auth/callback?code=abc&state=${state}`, { headers: { Host: "evil.example" } }),
      400,
    ],
    [
      "our Host at another port",
      () => send(fixture.port, `/auth/callback?code=a&state=${state}`, { headers: { Host: "localhost:1" } }),
      400,
    ],
    ...["evillocalhost", "evil.localhost", "localhost@evil.example", "x127.0.0.1", "localhost.evil.example"].map(
      (host): [string, () => Promise<Reply>, number] => [
        `the Host ${host}`,
        () =>
          send(fixture.port, `/auth/callback?code=a&state=${state}`, { headers: { Host: `${host}:${fixture.port}` } }),
        400,
      ],
    ),
    [
      "an Origin",
      () => send(fixture.port, `/auth/callback?code=a&state=${state}`, { headers: { Origin: "https://evil.example" } }),
      400,
    ],
    ["a query of 10 KB", () => callback(`code=${"a".repeat(10_240)}&state=${state}`), 414],
    [
      "a target that is not a path",
      () => send(fixture.port, `http://evil.example/auth/callback?code=a&state=${state}`),
      400,
    ],
    ["a path that is no URL", () => send(fixture.port, "//:80:80/"), 400],
  ];
  for (const [name, stray, status] of strays) {
    it(`answers ${status} to ${name} and keeps waiting`, async () => {
      assert.equal((await stray()).status, status);
      assert.deepEqual(answers, []);
      assert.equal((await callback(`code=${code}&state=${state}`)).status, 302);
    });
  }

  it("survives 200 strays at once, among them broken ones, and still takes the code", async () => {
    const broken = () =>
      new Promise<void>((resolve) => {
        const socket = connect(fixture.port, "127.0.0.1", () => socket.end("NOT HTTP AT ALL\r\n\r\n"));
        socket
          .on("close", () => resolve())
          .on("error", () => resolve())
          .resume();
      });
    const all = Array.from({ length: 200 }, (_, index) => {
      const stray = strays[index % strays.length];
      return index % 10 === 0 ? broken() : stray?.[1]();
    });
    await Promise.all(all);
    assert.deepEqual(answers, []);
    assert.equal((await callback(`code=${code}&state=${state}`)).status, 302);
  });
});
