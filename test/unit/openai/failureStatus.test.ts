import assert from "node:assert/strict";
import { Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { limit, open, outcome, page, platform } from "./responseFixture.ts";

describe("an answer with a failure status", () => {
  const error = (code: string) => `{"error":{"code":"${code}","message":"m","type":"t"}}`;

  it("is told as soon as its JSON is whole, though the connection stays open", async () => {
    assert.equal((await outcome({ status: 429, body: open(limit) })).failure, "usageLimitReached");
    assert.equal((await outcome({ status: 403, body: open("\uFEFF<html>") })).failure, "edgeBlocked");
    assert.deepEqual(await outcome({ status: 401, body: error("token_expired") }), {
      text: "",
      failure: "needsSignIn",
      requests: 2,
    });
  });

  it("is told by its code, however long its message quotes the request", async () => {
    const long = (code: string) => `{"error":{"message":"${"x".repeat(500_000)}","type":"t","code":"${code}"}}`;
    assert.equal(
      (await outcome({ status: 400, body: long("context_length_exceeded") })).failure,
      "contextLengthExceeded",
    );
    assert.equal(
      (await outcome({ status: 429, body: open(long("usage_limit_reached")) })).failure,
      "usageLimitReached",
    );
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(pulls++ === 0 ? 91 : 120)),
    });
    assert.equal((await outcome({ status: 400, body: endless })).failure, "badRequest");
    assert.ok(pulls < 30, `${pulls} pieces`);
  });

  it("is told by its status where its body says nothing", async () => {
    const cases: readonly [number, string | undefined, ProblemCode][] = [
      [401, "text/html", "unreadableAnswer"],
      [401, "TEXT/HTML; charset=utf-8", "unreadableAnswer"],
      [403, "text/html", "edgeBlocked"],
      [403, undefined, "forbidden"],
      [413, undefined, "contextLengthExceeded"],
      [413, "text/html", "contextLengthExceeded"],
      [429, "text/html", "rateLimited"],
      [400, "text/html", "unreadableAnswer"],
      [400, undefined, "badRequest"],
    ];
    for (const [status, contentType, failure] of cases) {
      for (const body of ["", " \r\n"]) {
        assert.equal((await outcome({ status, contentType, body })).failure, failure, `${status} ${contentType}`);
      }
    }
  });

  it("that only a proxy or a network's portal gives is told as theirs", async () => {
    for (const body of ["", page, "{}"]) {
      for (const [status, code] of [
        [407, "proxyFailed"],
        [511, "networkSignIn"],
      ] as const) {
        assert.deepEqual(await outcome({ status, body }), { text: "", failure: code, requests: 1 }, `${status}`);
      }
    }
  });

  it("says nothing of the credential when it is a 401 with a code for something else", async () => {
    for (const [code, failure, requests] of [
      ["unsupported_country_region_territory", "regionBlocked", 1],
      ["usage_limit_reached", "usageLimitReached", 1],
      ["rate_limit_exceeded", "rateLimited", 1],
      ["server_is_overloaded", "overloaded", 5],
      ["server_error", "serviceFailed", 5],
      ["temporarily_unavailable", "serviceFailed", 5],
    ] as const) {
      assert.deepEqual(await outcome({ status: 401, body: error(code) }), { text: "", failure, requests }, code);
    }
    for (const code of ["__proto__", "constructor", "something_new", "invalid_api_key"]) {
      assert.equal((await outcome({ status: 401, body: error(code) })).failure, "needsSignIn", code);
    }
  });
});

describe("a 401 that is not in the service's own words", () => {
  const foreign = [
    "",
    " \r\n",
    "Unauthorized",
    "{}",
    "[]",
    "null",
    '{"message":"Unauthorized"}',
    '{"error":"unauthorized"}',
  ];
  const own = [
    '{"error":{"message":"m"}}',
    '{"error":{"code":"something_new"}}',
    '{"error":"token_expired"}',
    '{"code":"token_revoked"}',
    '{"detail":"Unauthorized"}',
    '{"detail":{"message":"m"}}',
  ];

  it("replaces the credential, which may be old, but is not told as the end of the sign-in", async () => {
    for (const body of foreign) {
      const expected = { text: "", failure: "unreadableAnswer", requests: 2 };
      assert.deepEqual(await outcome({ status: 401, body }), expected, body);
      assert.deepEqual(await outcome({ status: 401, body, backend: platform }), expected, body);
    }
    for (const body of own) {
      const expected = { text: "", failure: "needsSignIn", requests: 2 };
      assert.deepEqual(await outcome({ status: 401, body }), expected, body);
    }
    for (const name of ["x-openai-authorization-error", "X-Error-Json"]) {
      const result = await outcome({ status: 401, body: "", headers: { [name]: "e30=" } });
      assert.equal(result.failure, "needsSignIn", name);
    }
  });

  it("does not reject a key of which there is no other, nor a token that has just come", async () => {
    for (const code of ["keyRejected", "notYetAccepted"] as const) {
      const onRejected = () => Promise.reject(new Problem(code));
      for (const body of foreign) {
        const result = await outcome({ status: 401, body, backend: platform, onRejected });
        assert.deepEqual(result, { text: "", failure: "unreadableAnswer", requests: 1 }, body);
      }
    }
    for (const [code, failure] of [
      ["keyRejected", "keyRejected"],
      ["notYetAccepted", "notYetAccepted"],
      ["unreachable", "unreachable"],
    ] as const) {
      const onRejected = () => Promise.reject(new Problem(code));
      const result = await outcome({ status: 401, body: own[0] ?? "", backend: platform, onRejected });
      assert.equal(result.failure, failure);
    }
  });

  it("is the end of the sign-in all the same when that is known to be over", async () => {
    for (const code of ["needsSignIn", "unreachable"] as const) {
      const onRejected = () => Promise.reject(new Problem(code));
      const result = await outcome({ status: 401, body: "Unauthorized", onRejected });
      assert.equal(result.failure, code);
    }
  });
});
