import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import fc from "fast-check";
import { chatgptBackend, platformBackend } from "../../../src/openai/backend.ts";
import { createOpenAi } from "../../../src/openai/module.ts";
import { assertSendable, isHeaderValue } from "../../../src/platform/headerValue.ts";
import { createHttpClient, type HttpRequest } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { TestCredentials, testDependencies } from "../openai/fixture.ts";
import { problemOf, sendTo } from "../openai/responseFixture.ts";

const secret = "sEcReT0123456789";
/** What no header can hold. Browsers, Node and axios each throw an error of their own that quotes it, or cut it. */
const bad = ["\r\nX-Other: 1", "\n", "\r", "\0", "\u007f", "é", "中", "\u200b", "\u2028", "\ud800"].flatMap((piece) => [
  `${secret}${piece}`,
  `${piece}${secret}`,
  `${secret}${piece}${secret}`,
]);

describe("A header's value", () => {
  it("is visible ASCII", () => {
    for (const value of ["sk-a", "eyJ.a_b-c", "!", "~", "acc:1/2=="]) assert.ok(isHeaderValue(value), value);
    for (const value of ["", " ", "a b", "a\t", ...bad]) assert.ok(!isHeaderValue(value), JSON.stringify(value));
  });

  it("is one that Node and fetch accept", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        if (isHeaderValue(value)) assert.equal(new Headers({ a: value }).get("a"), value);
      }),
    );
  });

  it("that cannot be sent is refused by its name, and without its value", () => {
    for (const value of bad) {
      assert.throws(
        () => assertSendable({ Accept: "a/b; q=1", Authorization: `Bearer ${value}` }),
        (error) =>
          isProblem(error, "notSendable") && error.detail === "Authorization" && !inspect(error).includes(secret),
      );
    }
  });

  it("that cannot be sent never reaches the network, in a JSON call or a stream", async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const http = createHttpClient(() => "agent", "originator");
    try {
      for (const value of bad) {
        for (const name of ["Authorization", "ChatGPT-Account-ID", "If-None-Match"]) {
          const failed = await http.send({ method: "GET", url, headers: { [name]: value } }).catch((e: unknown) => e);
          assert.ok(isProblem(failed, "notSendable"), inspect(failed));
          assert.ok(!inspect(failed).includes(secret));
        }
        for (const agent of [createHttpClient(() => value, "o"), createHttpClient(() => "a", value)]) {
          assert.equal(await problemOf(agent.send({ method: "GET", url })), "notSendable");
        }
      }
      assert.equal(requests, 0);
    } finally {
      server.close();
    }
  });

  it("that cannot be sent is refused by each service before a request, and not tried again", async () => {
    const allowed = () => {};
    const services = [
      chatgptBackend("https://a.test", "agent", allowed),
      platformBackend("https://a.test", "a", allowed),
    ];
    for (const value of bad) {
      for (const service of services) {
        assert.throws(() => service.headers({ bearer: value }), { code: "notSendable" });
      }
      assert.throws(() => services[0]?.headers({ bearer: "b", workspaceId: value }), { code: "notSendable" });
    }
    let requests = 0;
    const fetch = async () => {
      requests += 1;
      return new Response();
    };
    const credentials = new TestCredentials();
    credentials.chatgpt = { bearer: "b", workspaceId: `${secret}\n` };
    assert.equal(await problemOf(sendTo(fetch, { credentials })), "notSendable");
    assert.equal(requests, 0);
  });

  it("of an ETag is sent back where it can be", async () => {
    for (const [etag, sent] of [
      ['W/"1"', 'W/"1"'],
      ['"é"', undefined],
      ['"a b"', undefined],
      [`"${"x".repeat(10_000)}"`, undefined],
    ] as const) {
      const clock = new ManualClock();
      const asked: (string | undefined)[] = [];
      const send = async ({ headers }: HttpRequest) => {
        asked.push(headers?.["If-None-Match"]);
        return { status: 200, headers: { etag }, json: { models: [] } };
      };
      const openai = createOpenAi({ ...testDependencies("https://openai.test"), clock, http: { send } });
      const { catalogue } = await openai.requests();
      await catalogue.list(openai.backend("chatgpt"));
      await clock.advance(10 * 60_000);
      await catalogue.list(openai.backend("chatgpt"));
      assert.deepEqual(asked, [undefined, sent]);
    }
  });
});
