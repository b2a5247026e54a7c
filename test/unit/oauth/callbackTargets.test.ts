import assert from "node:assert/strict";
import fc from "fast-check";
import { sendBytes, statusOf, useCallbackServer } from "./callbackFixture.ts";

describe("What a request asks of the listener", () => {
  const fixture = useCallbackServer();
  const { state, answers, lines, callback } = fixture;
  const query = `code=abc&state=${state}`;
  const host = () => `localhost:${fixture.port}`;
  const ask = async (target: string, method = "GET") =>
    statusOf(await sendBytes(fixture.port, `${method} ${target} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`));
  /** Nothing was taken for an answer, nothing failed, and the sign-in still can be completed. */
  const assertUndisturbed = async () => {
    assert.deepEqual(answers, []);
    assert.deepEqual(
      lines.filter((line) => line.includes("failed to answer")),
      [],
    );
    assert.equal((await callback(query)).status, 302);
  };

  const targets: readonly [target: string, status: number][] = [
    [`//auth/callback?${query}`, 400],
    [`///auth/callback?${query}`, 400],
    [`//auth/callback/auth/callback?${query}`, 400],
    ["//", 400],
    ["//[", 400],
    ["//:80:80/", 400],
    [`/\\auth/callback?${query}`, 400],
    [`/\\evil.example/auth/callback?${query}`, 400],
    [`\\auth\\callback?${query}`, 400],
    [`/auth\\callback?${query}`, 404],
    [`/auth//callback?${query}`, 404],
    [`/auth/callback/?${query}`, 404],
    [`/auth/./callback?${query}`, 404],
    [`/x/../auth/callback?${query}`, 404],
    [`/auth%2Fcallback?${query}`, 404],
    [`/%61uth/callback?${query}`, 404],
    [`%2Fauth/callback?${query}`, 400],
    [`/auth/callback;a=b?${query}`, 404],
    [`/auth;a/callback?${query}`, 404],
    [`/AUTH/CALLBACK?${query}`, 404],
    [`/auth/callback%00?${query}`, 404],
    [`/auth/callback?${query}#fragment`, 400],
    [`/auth/callback#?${query}`, 400],
    ["*", 400],
    ["?", 400],
    ["?code=abc", 400],
    ["auth/callback", 400],
    ["/?", 404],
    ["/auth/callback?%E0%A4%A&%=%&&==&state=%", 400],
    ["/auth/callback???", 400],
    ["/__proto__", 404],
    ["/constructor?constructor=1", 404],
    ["/sign-in/", 410],
    ["/sign-in/..%2f", 410],
    ["/sign-in", 404],
  ];
  for (const [target, status] of targets) {
    it(`is answered with ${status}: ${target.replaceAll(state, "STATE")}`, async () => {
      assert.equal(await ask(target), status);
      await assertUndisturbed();
    });
  }

  for (const [name, target] of [
    ["another host", () => `http://evil.example/auth/callback?${query}`],
    ["this server", () => `http://${host()}/auth/callback?${query}`],
    ["a host behind this server's name", () => `http://${host()}@evil.example/auth/callback?${query}`],
    ["no host", () => `http:///auth/callback?${query}`],
    ["a scheme that is none", () => `file:///auth/callback?${query}`],
    ["https", () => `https://${host()}/auth/callback?${query}`],
  ] as const) {
    it(`is not a whole address: ${name}`, async () => {
      assert.equal(await ask(target()), 400);
      await assertUndisturbed();
    });
  }

  it("is no tunnel, and no other method", async () => {
    for (const method of ["OPTIONS", "TRACE", "DELETE", "PROPFIND", "HEAD", "PUT", "PATCH", "M-SEARCH"]) {
      assert.equal(await ask(method === "OPTIONS" ? "*" : `/auth/callback?${query}`, method), 405, method);
    }
    for (const target of ["evil.example:443", host(), `/auth/callback?${query}`, "*"]) {
      const answer = await sendBytes(fixture.port, `CONNECT ${target} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
      assert.ok([400, 405].includes(statusOf(answer)), `CONNECT ${target}: ${answer.slice(0, 40)}`);
    }
    const answer = await sendBytes(fixture.port, `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    assert.match(answer, /\r\nAllow: GET\r\n/);
    assert.match(answer, /\r\nCache-Control: no-store\r\n/);
    // What comes behind it is read: otherwise the system would break the connection off, and take the answer away.
    const tunnel = `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${host()}\r\n\r\n${"a".repeat(20_000_000)}`;
    assert.equal(statusOf(await sendBytes(fixture.port, tunnel)), 405);
    await assertUndisturbed();
  });

  it("names one host, and is not changed into another protocol", async () => {
    const line = `GET /auth/callback?${query} HTTP/1.1\r\n`;
    for (const headers of [
      "",
      "Host:\r\n",
      `Host: ${"localhost:1"}\r\nHost: HOST\r\n`,
      "Host: HOST\r\nHost: HOST\r\n",
      "Host: HOST\r\nHost: evil.example\r\n",
      "Host: HOST, evil.example\r\n",
      "Host: HOST.\r\n",
      "Host: user@HOST\r\n",
    ]) {
      const answer = await sendBytes(fixture.port, `${line}${headers.replaceAll("HOST", host())}\r\n`);
      assert.equal(statusOf(answer), 400, headers);
    }
    assert.equal(statusOf(await sendBytes(fixture.port, `GET /auth/callback?${query} HTTP/1.0\r\n\r\n`)), 400);
    assert.equal(statusOf(await sendBytes(fixture.port, `GET /auth/callback?${query}\r\n\r\n`)), 400);
    const upgrade = `GET / HTTP/1.1\r\nHost: ${host()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    assert.equal(statusOf(await sendBytes(fixture.port, upgrade)), 404);
    assert.equal(statusOf(await sendBytes(fixture.port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 400);
    await assertUndisturbed();
  });

  it("is a question for one page, whatever is sent behind it", async () => {
    const request = (target: string) => `GET ${target} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
    const answer = await sendBytes(fixture.port, request("/").repeat(50) + request(`/auth/callback?${query}`));
    assert.equal(answer.match(/HTTP\/1\.1 404/g)?.length, 1);
    await assertUndisturbed();
  });

  it("is a request that can be answered, or is refused, whatever its bytes are", async function () {
    this.timeout(120_000);
    const pieces = fc.constantFrom(
      ...["/", "//", "\\", "auth", "callback", "/auth/callback", "?", "&", "=", "#", "%", "%2F", "%00", "..", ";", "@"],
      ...["http://", "localhost:1455", "code=a", "state=", "iss=", "*", "sign-in/", "\u00ff", "[", "]", ":", "\t"],
    );
    const target = fc.oneof(
      fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary", maxLength: 40 }),
    );
    const method = fc.constantFrom("GET", "GET", "GET", "get", "CONNECT", "POST", "HEAD", "", "G\0T");
    await fc.assert(
      fc.asyncProperty(method, target, fc.constantFrom("", "/"), async (verb, rest, slash) => {
        const bytes = Buffer.from(`${verb} ${slash}${rest} HTTP/1.1\r\nHost: ${host()}\r\n\r\n\r\n`, "latin1");
        const answer = await sendBytes(fixture.port, bytes);
        const status = statusOf(answer);
        assert.ok(status >= 400 && status < 500, `${bytes}: ${answer.slice(0, 60)}`);
        assert.doesNotMatch(answer, /\r\nLocation:/i);
      }),
      { numRuns: 300 },
    );
    await assertUndisturbed();
  });
});
