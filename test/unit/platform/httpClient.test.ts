import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { isPage } from "../../../src/oauth/oauthError.ts";
import { createHttpClient } from "../../../src/platform/httpClient.ts";
import { networkFailure } from "../../../src/platform/networkFailure.ts";
import { isProblem } from "../../../src/shared/problem.ts";

const http = createHttpClient(() => "chatgpt_sign_in/test", "chatgpt_sign_in");

describe("The HTTP client", () => {
  let server: Server;
  let url: string;
  let answer: RequestListener;
  before(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("says in every request who asks and that it takes JSON", async () => {
    let seen: NodeJS.Dict<string | string[]> = {};
    answer = (request, response) => {
      seen = request.headers;
      response.end("{}");
    };
    await http.send({ method: "GET", url });
    assert.equal(seen.accept, "application/json");
    assert.equal(seen["user-agent"], "chatgpt_sign_in/test");
    assert.equal(seen.originator, "chatgpt_sign_in");
  });

  const json = '{"text":"Grüße"}';
  const bodies: readonly [string, Record<string, string | string[]>, string | Buffer][] = [
    ["no Content-Type", {}, json],
    ["a wrong Content-Type", { "Content-Type": "text/html" }, json],
    ["a Content-Type that is none", { "Content-Type": ";;" }, json],
    ["a wrong charset", { "Content-Type": "application/json; charset=iso-8859-1" }, json],
    ["two Content-Types", { "Content-Type": ["text/plain", "application/json"] }, json],
    ["a byte order mark", {}, `\uFEFF${json}`],
    ["space around it", {}, `\r\n\t ${json} \r\n`],
    ["gzip", { "Content-Encoding": "gzip" }, gzipSync(json)],
    ["GZIP in capitals", { "Content-Encoding": "GZIP" }, gzipSync(json)],
    ["deflate", { "Content-Encoding": "deflate" }, deflateSync(json)],
    ["Brotli", { "Content-Encoding": "br" }, brotliCompressSync(json)],
    ["a length", { "Content-Length": String(Buffer.byteLength(json)) }, json],
  ];
  for (const [what, headers, body] of bodies) {
    it(`reads JSON with ${what}, and without a date`, async () => {
      answer = (_request, response) => {
        response.sendDate = false;
        response.writeHead(200, headers).end(body);
      };
      const response = await http.send({ method: "GET", url });
      assert.deepEqual(response.json, { text: "Grüße" });
      assert.equal(response.headers.date, undefined);
      assert.equal(response.looksLikePage, false);
    });
  }

  it("reads a body that comes byte by byte", async () => {
    answer = async (_request, response) => {
      for (const byte of Buffer.from(json)) await new Promise((resolve) => response.write(Buffer.of(byte), resolve));
      response.end();
    };
    assert.deepEqual((await http.send({ method: "GET", url })).json, { text: "Grüße" });
  });

  it("recognizes a page without a Content-Type", async () => {
    for (const body of ["<!DOCTYPE html>", "\uFEFF <html>", "\r\n<?xml?>"]) {
      answer = (_request, response) => response.end(body);
      const response = await http.send({ method: "GET", url });
      assert.equal(response.json, undefined);
      assert.ok(isPage(response), body);
    }
    answer = (_request, response) => response.end();
    assert.ok(!isPage(await http.send({ method: "GET", url })));
  });

  it("does not confuse keys with those of every object", async () => {
    const names = Object.getOwnPropertyNames(Object.prototype).map((name) => `"${name}":1`);
    answer = (_request, response) =>
      response.writeHead(200, { constructor: "c", "x-request-id": "r" }).end(`{${names}}`);
    const response = await http.send({ method: "GET", url });
    assert.equal(Object.getPrototypeOf(response.json), Object.prototype);
    assert.equal(response.headers["x-request-id"], "r");
  });

  it("follows no redirect", async () => {
    const paths: (string | undefined)[] = [];
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (request, response) => {
        paths.push(request.url);
        response.writeHead(status, { Location: "/elsewhere" }).end("{}");
      };
      assert.equal((await http.send({ method: "GET", url })).status, status);
      assert.equal((await http.send({ method: "POST", url, json: { token: "secret" } })).status, status);
    }
    assert.deepEqual(new Set(paths), new Set(["/"]));
  });

  it("reads 1 MiB and no more, also when it is compressed", async () => {
    const whole = Buffer.from(JSON.stringify("a".repeat(1024 * 1024 - 2)));
    const more = Buffer.concat([whole, Buffer.from(" ")]);
    for (const pack of [(body: Buffer) => body, gzipSync]) {
      const headers = pack === gzipSync ? { "Content-Encoding": "gzip" } : {};
      answer = (_request, response) => response.writeHead(200, headers).end(pack(whole));
      assert.equal(String((await http.send({ method: "GET", url })).json).length, 1024 * 1024 - 2);
      answer = (_request, response) => response.writeHead(200, headers).end(pack(more));
      await assert.rejects(http.send({ method: "GET", url }), (error) => isProblem(error, "unreadableAnswer"));
    }
  });

  it("cannot read a body that is not compressed as declared, which the service may have sent", async () => {
    for (const encoding of ["gzip", "deflate", "br"]) {
      answer = (_request, response) =>
        response.writeHead(200, { "Content-Encoding": encoding }).end("\u0007no such thing");
      await assert.rejects(
        http.send({ method: "POST", url }),
        (error) => isProblem(error, "unreadableAnswer"),
        encoding,
      );
    }
  });

  it("ignores the proxy of the environment, which is left to VS Code", async () => {
    const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    const before = names.map((name) => process.env[name]);
    // There is no server.
    for (const name of names) process.env[name] = "http://127.0.0.1:9";
    try {
      answer = (_request, response) => response.end(json);
      assert.equal((await http.send({ method: "GET", url })).status, 200);
    } finally {
      names.forEach((name, index) => {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      });
    }
  });

  it("rejects with the reason of an abort", async () => {
    const cancel = new AbortController();
    const reason = new Error("cancelled by the test");
    answer = () => cancel.abort(reason);
    await assert.rejects(http.send({ method: "GET", url, signal: cancel.signal }), (error) => error === reason);
  });

  describe("gives up a request", () => {
    const { timeout } = AbortSignal;
    let asked: number[];
    let deadline: AbortController;
    beforeEach(() => {
      asked = [];
      deadline = new AbortController();
      AbortSignal.timeout = (ms) => {
        asked.push(ms);
        return deadline.signal;
      };
    });
    afterEach(() => {
      AbortSignal.timeout = timeout;
    });

    /** The failure of a request to a server that never answers, after its time. */
    async function inTime(options: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown> {
      const closed = new Promise<void>((resolve) => {
        answer = (request) => {
          request.socket.once("close", () => resolve());
          deadline.abort(new DOMException("", "TimeoutError"));
        };
      });
      const error = await http.send({ method: "GET", url, ...options }).catch((reason: unknown) => reason);
      await closed;
      return error;
    }

    it("after 30 s, and closes the connection", async () => {
      const error = await inTime({});
      assert.ok(isProblem(error, "answerLost") && error.detail === "timeout", String(error));
      assert.deepEqual(asked, [30_000]);
    });

    it("after the time of the caller, also with a signal", async () => {
      const error = await inTime({ timeoutMs: 10_000, signal: new AbortController().signal });
      assert.ok(isProblem(error, "answerLost") && error.detail === "timeout", String(error));
      assert.deepEqual(asked, [10_000]);
    });
  });
});

describe("The failure of a network", () => {
  it("is recognized by its code, and not by a key of every object", () => {
    const withCode = (code: string) => networkFailure(Object.assign(new Error("failed"), { code })).code;
    assert.equal(withCode("ENOTFOUND"), "dnsFailed");
    assert.equal(withCode("ECONNRESET"), "answerLost");
    for (const code of ["CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "EPROTO"])
      assert.equal(withCode(code), "tlsFailed", code);
    for (const name of [...Object.getOwnPropertyNames(Object.prototype), "", "EELSE"]) {
      assert.equal(withCode(name), "unreachable", name);
    }
  });

  it("is unreadableAnswer when a captive portal redirects the request", async () => {
    const server = createServer((_request, response) => response.writeHead(302, { location: "/login" }).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const error = await fetch(base, { redirect: "error" }).catch((failed: unknown) => failed);
      assert.equal(networkFailure(error).code, "unreadableAnswer");
    } finally {
      server.close();
    }
    // The message of Electron.
    const electron = new Error("Attempted to redirect, but redirect policy was 'error'");
    assert.equal(networkFailure(electron).code, "unreadableAnswer");
  });
});
