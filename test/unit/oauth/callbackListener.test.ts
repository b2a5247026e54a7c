import assert from "node:assert/strict";
import type { Server as HttpServer } from "node:http";
import { connect, createServer, Server } from "node:net";
import { PortsRefused } from "../../../src/oauth/callbackListener.ts";
import { pages, successPage } from "../../../src/oauth/callbackPages.ts";
import { CallbackServer } from "../../../src/oauth/callbackServer.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { canConnect, freePort, send, useCallbackServer } from "./callbackFixture.ts";

describe("The listener of a sign-in", () => {
  const fixture = useCallbackServer();
  const { state, expected, lines, log, callback } = fixture;
  const code = "code-canary-1234567890";

  it("listens on both loopback addresses, and on neither once it is closed", async () => {
    assert.equal(await canConnect(fixture.port, "127.0.0.1"), true);
    assert.equal(await canConnect(fixture.port, "::1"), true);
    // Where it listens on every address, this one of the same computer leads to it as well.
    assert.equal(await canConnect(fixture.port, "127.0.0.2"), false);
    await fixture.server.close();
    assert.equal(await canConnect(fixture.port, "127.0.0.1"), false);
    assert.equal(await canConnect(fixture.port, "::1"), false);
  });

  it("asks the system for the two loopback addresses alone, and gives a slow request up", async () => {
    const asked: unknown[] = [];
    const limits: unknown[] = [];
    const free = await freePort();
    const { listen } = Server.prototype;
    Server.prototype.listen = function (this: HttpServer, ...args: unknown[]) {
      asked.push(args[0]);
      limits.push([this.headersTimeout, this.requestTimeout, Reflect.get(this, "connectionsCheckingInterval")]);
      return Reflect.apply(listen, this, args);
    } as typeof listen;
    const other = new CallbackServer({ expected, log, handler: async () => ({ failure: pages.badRequest() }) });
    try {
      await other.listen([free]);
    } finally {
      Server.prototype.listen = listen;
      await other.close();
    }
    const addresses = ["127.0.0.1", "::1"].map((host) => ({ host, port: free, exclusive: true }));
    assert.deepEqual(asked, addresses);
    assert.deepEqual(limits, [
      [5_000, 10_000, 1_000],
      [5_000, 10_000, 1_000],
    ]);
  });

  it("goes to the second port when the first is taken on either address", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const taken = createServer();
      const first = await new Promise<number>((resolve) => {
        taken.listen(0, host, () => resolve((taken.address() as { port: number }).port));
      });
      const second = await freePort();
      const other = new CallbackServer({ expected, log, handler: async () => ({ failure: pages.badRequest() }) });
      assert.equal(await other.listen([first, second]), second);
      await other.close();
      taken.close();
    }
  });

  it("tells ports that the system reserves from ports in use, and goes past them", async () => {
    const { listen } = Server.prototype;
    const reserved = new Set<number>();
    Server.prototype.listen = function (this: Server, ...args: unknown[]) {
      const [{ port: asked }] = args as [{ port: number }];
      if (!reserved.has(asked)) return Reflect.apply(listen, this, args);
      // What Windows answers for a port in a range that it reserves, WSAEACCES (10013).
      setImmediate(() =>
        this.emit("error", Object.assign(new Error("listen EACCES"), { code: "EACCES", errno: -4092 })),
      );
      return this;
    } as typeof listen;
    const other = new CallbackServer({ expected, log, handler: async () => ({ failure: pages.accessDenied() }) });
    try {
      const [first, second] = [await freePort(), await freePort()];
      reserved.add(first);
      assert.equal(await other.listen([first, second]), second);
      await other.close();
      const failed = async (ports: number[]) => {
        const error = await other.listen(ports).catch((reason: unknown) => reason);
        assert.ok(error instanceof PortsRefused);
        return [error.code, error.refusals.map(({ reason }) => reason)];
      };
      assert.deepEqual(await failed([first, fixture.port]), ["portInUse", ["reserved", "inUse"]]);
      reserved.add(second);
      assert.deepEqual(await failed([first, second]), ["portReserved", ["reserved", "reserved"]]);
    } finally {
      Server.prototype.listen = listen;
      await other.close();
    }
  });

  it("says that the ports are in use when they all are", async () => {
    const other = new CallbackServer({ expected, log, handler: async () => ({ failure: pages.badRequest() }) });
    await assert.rejects(other.listen([fixture.port]), (error) => isProblem(error, "portInUse"));
  });

  it("drops a connection that never says anything when it closes", async () => {
    const silent = connect(fixture.port, "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    const closed = new Promise((resolve) => silent.once("close", resolve));
    await fixture.server.close();
    await closed;
  });

  describe("keeps its errors in the log,", () => {
    const errorsOf = (what: RegExp) => lines.filter((line) => what.test(line));

    it("of its handler, and shows a page", async () => {
      const failing = new CallbackServer({
        ...{ expected, log },
        handler: async () => {
          throw Object.assign(new Error("unforeseen canary"), { code: "E_UNFORESEEN" });
        },
      });
      const at = await failing.listen([await freePort()]);
      const reply = await send(at, `/auth/callback?code=abc&state=${state}`);
      assert.equal(reply.status, 400);
      assert.doesNotMatch(reply.body, /canary/);
      assert.deepEqual(lines, ["The sign-in's listener failed to answer: Error E_UNFORESEEN"]);
      await failing.close();
    });

    it("of the server after it has begun to listen, and goes on", async () => {
      const free = await freePort();
      const servers: Server[] = [];
      const { listen } = Server.prototype;
      Server.prototype.listen = function (this: Server, ...args: unknown[]) {
        servers.push(this);
        return Reflect.apply(listen, this, args);
      } as typeof listen;
      const other = new CallbackServer({ expected, log, handler: async () => ({ success: successPage(undefined) }) });
      try {
        const at = await other.listen([free]);
        assert.equal(servers.length, 2);
        for (const each of servers) {
          // What Node says when no descriptor is left for a connection that came.
          each.emit("error", Object.assign(new Error("accept canary"), { code: "EMFILE" }));
        }
        assert.deepEqual(lines, ["The sign-in's listener had an error: Error EMFILE"]);
        assert.equal((await send(at, `/auth/callback?code=${code}&state=${state}`)).status, 302);
      } finally {
        Server.prototype.listen = listen;
        await other.close();
      }
    });

    it("of what is no HTTP, once each, and nothing of what was sent", async () => {
      const say = (text: string) =>
        new Promise<void>((resolve) => {
          const socket = connect(fixture.port, "127.0.0.1", () => socket.write(text));
          socket
            .on("close", () => resolve())
            .on("error", () => {})
            .resume();
        });
      for (let times = 0; times < 3; times += 1) await say("canary-sk-0123456789abcdef NOT HTTP\r\n\r\n");
      await say(`GET / HTTP/1.1\r\nHost: localhost:${fixture.port}\r\nX: ${"canary".repeat(25_000)}\r\n\r\n`);
      assert.deepEqual(lines, [
        "The sign-in's listener dropped a connection: Error HPE_INVALID_METHOD",
        "The sign-in's listener dropped a connection: Error HPE_HEADER_OVERFLOW",
      ]);
    });

    it("of a connection that breaks off", async () => {
      const socket = connect(fixture.port, "127.0.0.1");
      await new Promise<void>((resolve) => socket.write("GET /auth/callback?", () => resolve()));
      await send(fixture.port, "/");
      socket.resetAndDestroy();
      const broken = /dropped a connection: Error ECONNRESET/;
      while (errorsOf(broken).length === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await callback(`code=${code}&state=${state}`)).status, 302);
    });

    it("of ports that it could not have", async () => {
      const other = new CallbackServer({ expected, log, handler: async () => ({ failure: pages.badRequest() }) });
      await assert.rejects(other.listen([fixture.port]), (error) => isProblem(error, "portInUse"));
      assert.deepEqual(lines, [`Port ${fixture.port} could not be listened on: Error EADDRINUSE`]);
    });

    it("of a computer without IPv6, where it listens on 127.0.0.1 alone", async () => {
      const { listen } = Server.prototype;
      Server.prototype.listen = function (this: Server, ...args: unknown[]) {
        const [{ host }] = args as [{ host: string }];
        if (host !== "::1") return Reflect.apply(listen, this, args);
        setImmediate(() => this.emit("error", Object.assign(new Error("listen"), { code: "EADDRNOTAVAIL" })));
        return this;
      } as typeof listen;
      const other = new CallbackServer({ expected, log, handler: async () => ({ success: successPage(undefined) }) });
      try {
        const at = await other.listen([await freePort()]);
        assert.deepEqual(lines, ["The sign-in's listener is on 127.0.0.1 alone: Error EADDRNOTAVAIL"]);
        assert.equal((await send(at, `/auth/callback?code=${code}&state=${state}`)).status, 302);
      } finally {
        Server.prototype.listen = listen;
        await other.close();
      }
    });

    it("and nothing where nothing went wrong", async () => {
      await callback(`code=${code}&state=${state}`);
      await send(fixture.port, "/favicon.ico");
      assert.deepEqual(lines, []);
    });
  });
});
