import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { CallbackListener, type ListenerLimits } from "../../../src/oauth/callbackListener.ts";
import { freePort, send, sendBytes, statusOf, useCallbackServer } from "./callbackFixture.ts";

/** Opens a connection; it is closed with the test. */
function useConnections() {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  return async (port: number, bytes = "") => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(socket);
    socket.on("error", () => {}).resume();
    await once(socket, "connect");
    if (bytes !== "") socket.write(bytes);
    return socket;
  };
}

/** Resolves when the listener has ended a connection; the client's half may still be open. */
function isDropped(socket: Socket): Promise<unknown> {
  return Promise.race(["end", "close"].map((event) => new Promise((resolve) => socket.once(event, resolve))));
}

describe("Clients that don't behave", () => {
  const fixture = useCallbackServer();
  const { state, answers } = fixture;
  const open = useConnections();
  const line = () => `GET /auth/callback?code=a&state=${state} HTTP/1.1\r\n`;
  const host = () => `Host: localhost:${fixture.port}\r\n`;
  const assertCompletes = async () => {
    const reply = await fixture.callback(`code=abc&state=${state}`);
    assert.equal(reply.status, 302);
    assert.equal((await send(fixture.port, "/success")).status, 200);
    assert.deepEqual(answers, [{ code: "abc" }]);
  };

  const manners: readonly [name: string, bytes: () => string][] = [
    ["say nothing", () => ""],
    ["stop within the first line", () => "GET /auth/callback?code=a&sta"],
    ["never end their header", () => `${line()}${host()}X: ${"a".repeat(1_000)}`],
    ["send half a line end", () => `${line()}${host()}\r`],
  ];
  for (const [name, bytes] of manners) {
    it(`and ${name} keep nobody from signing in, however many there are`, async () => {
      const sockets: Socket[] = [];
      let dropped = 0;
      for (let count = 0; count < 1_200; count += 1) {
        const socket = await open(fixture.port, bytes());
        void isDropped(socket).then(() => {
          dropped += 1;
        });
        sockets.push(socket);
      }
      await assertCompletes();
      while (dropped < 176) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(sockets.slice(-100).every(({ readableEnded }) => !readableEnded));
    });

    for (const atOnce of [1, 40, 1_000]) {
      it(`and ${name} do not come between a browser and its request, ${atOnce} at once`, async () => {
        const browser = await open(fixture.port);
        let answer = "";
        browser.setEncoding("latin1").on("data", (part: string) => {
          answer += part;
        });
        const ended = isDropped(browser);
        for (let count = 0; count < 1_000; count += atOnce)
          await Promise.all(Array.from({ length: atOnce }, () => open(fixture.port, bytes())));
        browser.write(`GET /auth/callback?code=abc&state=${state} HTTP/1.1\r\n${host()}\r\n`);
        await ended;
        assert.equal(statusOf(answer), 302);
        assert.deepEqual(answers, [{ code: "abc" }]);
      });
    }
  }

  it("and promise a body that never comes are answered at once", async () => {
    for (const [method, status] of [
      ["GET", 404],
      ["POST", 405],
    ] as const) {
      for (const header of ["Content-Length: 1000000", "Transfer-Encoding: chunked", "Expect: 100-continue"]) {
        const length = header.startsWith("Expect") ? "\r\nContent-Length: 5" : "";
        const answer = await sendBytes(fixture.port, `${method} / HTTP/1.1\r\n${host()}${header}${length}\r\n\r\n`);
        assert.equal(statusOf(answer.replace("HTTP/1.1 100 Continue\r\n\r\n", "")), status, `${method} ${header}`);
      }
    }
    await assertCompletes();
  });

  it("and close their half of the connection get their answer, and none when they have asked nothing", async () => {
    for (const [bytes, answer] of [
      [`${"GET / HTTP/1.1\r\n"}${host()}\r\n`, /^HTTP\/1\.1 404 /],
      [`${line()}${host()}`, /^HTTP\/1\.1 400 /],
      ["", /^$/],
    ] as const) {
      const socket = await open(fixture.port);
      let text = "";
      socket.setEncoding("latin1").on("data", (part: string) => {
        text += part;
      });
      socket.end(bytes);
      await once(socket, "close");
      assert.match(text, answer);
    }
    await assertCompletes();
  });

  it("and break off within everything leave the listener as it was", async () => {
    const request = `GET /favicon.ico HTTP/1.1\r\n${host()}Cookie: a=b\r\n\r\n`;
    for (let length = 0; length <= request.length; length += 3) {
      const socket = await open(fixture.port, request.slice(0, length));
      socket.resetAndDestroy();
    }
    await assertCompletes();
  });

  it("and send many cookies, as browsers do to localhost, are answered like all others", async () => {
    const cookies = (kilobytes: number) =>
      Array.from({ length: kilobytes / 4 }, (_, index) => `c${index}=${"x".repeat(4_080)}`).join("; ");
    const request = (target: string, kilobytes: number) =>
      `GET ${target} HTTP/1.1\r\n${host()}Cookie: ${cookies(kilobytes)}\r\n\r\n`;
    for (const kilobytes of [16, 64, 112]) {
      const target = `/auth/callback?code=abc&state=${state}`;
      assert.equal(statusOf(await sendBytes(fixture.port, request(target, kilobytes))), 302, `${kilobytes} KB`);
    }
    for (const kilobytes of [132, 2_048]) {
      const answer = await sendBytes(fixture.port, request("/", kilobytes));
      assert.equal(statusOf(answer), 431);
      assert.match(answer, /Its cookies for localhost may be too large/);
      assert.match(answer, /\r\nContent-Security-Policy: default-src 'none'; .*\r\nCache-Control: no-store\r\n/);
    }
    await assertCompletes();
  });
});

describe("A listener's limits", () => {
  const open = useConnections();
  const short: ListenerLimits = {
    headersMs: 50,
    requestMs: 50,
    checkMs: 10,
    headerBytes: 1_024,
    silentConnections: 256,
  };
  const few: ListenerLimits = { ...short, headersMs: 600_000, requestMs: 600_000, silentConnections: 2 };
  let listener: CallbackListener;
  let port: number;
  let warnings: string[];
  /** The answer to the first request, which waits. */
  let arrived: PromiseWithResolvers<ServerResponse>;
  const start = async (limits: ListenerLimits) => {
    warnings = [];
    arrived = Promise.withResolvers();
    listener = new CallbackListener(
      (_request, response) => arrived.resolve(response.setHeader("Connection", "close")),
      (what, error) => warnings.push(`${what}: ${(error as NodeJS.ErrnoException).code}`),
      limits,
    );
    port = await listener.listen([await freePort()]);
  };
  afterEach(() => listener.close());

  it("of time end a connection whose header does not come, with an answer", async () => {
    await start(short);
    assert.equal(statusOf(await sendBytes(port, "GET / HTTP/1.1\r\nHost: x")), 408);
    assert.deepEqual(warnings, ["The sign-in's listener dropped a connection: ERR_HTTP_REQUEST_TIMEOUT"]);
  });

  it("of time end one that goes on sending a byte at a time, too", async () => {
    await start(short);
    const socket = await open(port, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    const dripping = setInterval(() => socket.write("a"), 5);
    try {
      // It does not close its half of the connection, which is ended as well.
      await new Promise((resolve) => socket.once("close", resolve));
    } finally {
      clearInterval(dripping);
    }
  });

  it("of connections end the oldest that has asked nothing, and none that has", async () => {
    await start(few);
    const asking = await open(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const response = await arrived.promise;
    const sockets = [asking, await open(port), await open(port)];
    const ended = sockets.map((socket, index) => isDropped(socket).then(() => index));
    await open(port);
    assert.equal(await Promise.race(ended), 1);
    response.end();
    await isDropped(asking);
    assert.ok(asking.bytesRead > 0);
  });
});
