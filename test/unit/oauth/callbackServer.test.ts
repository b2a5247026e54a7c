import assert from "node:assert/strict";
import { type Server as HttpServer, request } from "node:http";
import { connect, createServer, Server } from "node:net";
import { answerOf, type CallbackAnswer } from "../../../src/oauth/callbackAnswer.ts";
import { pages, successPage } from "../../../src/oauth/callbackPages.ts";
import { CallbackServer, PortsRefused } from "../../../src/oauth/callbackServer.ts";
import { createState } from "../../../src/oauth/pkce.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/shared/problem.ts";

interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** One request as it is, without fetch's own ideas about headers and redirects. */
function send(port: number, path: string, options: { method?: string; headers?: object; host?: string } = {}) {
  return new Promise<Reply>((resolve, reject) => {
    const { method = "GET", host = "127.0.0.1" } = options;
    const outgoing = request({ host, port, path, method, headers: { Host: `localhost:${port}`, ...options.headers } });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    outgoing.end();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function canConnect(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

describe("CallbackServer", () => {
  const state = createState();
  const code = "code-canary-1234567890";
  let answers: CallbackAnswer[];
  let server: CallbackServer;
  let port: number;
  let lines: string[];
  const write = (line: string) => lines.push(line);
  const log = createLogger(() => ({ debug: () => {}, info: write, warn: write, error: write }));

  beforeEach(async () => {
    answers = [];
    lines = [];
    server = new CallbackServer(
      state,
      async (answer) => {
        answers.push(answer);
        return "code" in answer ? { success: successPage(undefined) } : { failure: pages.accessDenied };
      },
      log,
    );
    port = await server.listen([await freePort()]);
  });
  afterEach(() => server.close());

  const callback = (query: string) => send(port, `/auth/callback?${query}`);

  it("takes the code of its own state and sends the browser to a page without it", async () => {
    const reply = await callback(`code=${code}&state=${state}`);
    assert.deepEqual(answers, [{ code }]);
    assert.equal(reply.status, 302);
    assert.equal(reply.headers.location, `http://localhost:${port}/success`);
    const page = await send(port, "/success");
    assert.equal(page.status, 200);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.match(page.body, /You are signed in/);
    await server.shown;
  });

  it("listens on both loopback addresses, and on neither once it is closed", async () => {
    assert.equal(await canConnect(port, "127.0.0.1"), true);
    assert.equal(await canConnect(port, "::1"), true);
    // Where it listens on every address, this one of the same computer leads to it as well.
    assert.equal(await canConnect(port, "127.0.0.2"), false);
    await server.close();
    assert.equal(await canConnect(port, "127.0.0.1"), false);
    assert.equal(await canConnect(port, "::1"), false);
  });

  it("sends every page with the headers that keep it to itself, and closes the connection", async () => {
    for (const path of [
      "/auth/callback?state=wrong",
      "/success",
      "/favicon.ico",
      `/auth/callback?error=x&state=${state}`,
    ]) {
      const { headers, body } = await send(port, path);
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

  it("takes a parameter without a value as left out, and an error before a code", () => {
    const read = (query: string) => answerOf(new URLSearchParams(query));
    for (const query of ["code=a&error=", "code=a&error", "error=&error_description=x&code=a", "code=a&__proto__=b"]) {
      assert.deepEqual(read(query), { code: "a" }, query);
    }
    for (const query of ["", "code=", "code=&error=", "code[]=a", "Code=a", "error"]) {
      assert.deepEqual(read(query), { error: "missing_code" }, query);
    }
    assert.deepEqual(read("code=a&error=server_error"), { error: "server_error", entitlement: false });
  });

  it("tells the missing entitlement apart", async () => {
    await callback(`error=access_denied&error_description=missing_codex_entitlement&state=${state}`);
    assert.deepEqual(answers, [{ error: "access_denied", entitlement: true }]);
    const other = new CallbackServer(
      state,
      async (answer) => {
        answers.push(answer);
        return { failure: pages.issuerError };
      },
      log,
    );
    const at = await other.listen([await freePort()]);
    await send(at, `/auth/callback?error=server_error&error_description=missing_codex_entitlement&state=${state}`);
    assert.deepEqual(answers[1], { error: "server_error", entitlement: false });
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

  const strays: readonly [string, () => Promise<Reply>, number][] = [
    ["/favicon.ico", () => send(port, "/favicon.ico"), 404],
    ["the root", () => send(port, "/"), 404],
    ["/cancel, with which other clients end a login", () => send(port, "/cancel"), 404],
    ["a path that only begins like the callback", () => send(port, `/auth/callbackX?code=a&state=${state}`), 404],
    ["/success before its time", () => send(port, "/success"), 404],
    ["no state", () => callback("code=abc"), 400],
    ["a wrong state", () => callback(`code=abc&state=${"x".repeat(43)}`), 400],
    ["an empty state", () => callback("code=abc&state="), 400],
    ["two states", () => callback(`code=abc&state=${state}&state=${state}`), 400],
    ["two codes", () => callback(`code=abc&code=def&state=${state}`), 400],
    ["two errors", () => callback(`error=a&error=b&state=${state}`), 400],
    ["POST", () => send(port, `/auth/callback?code=abc&state=${state}`, { method: "POST" }), 405],
    ["HEAD", () => send(port, `/auth/callback?code=abc&state=${state}`, { method: "HEAD" }), 405],
    ["OPTIONS", () => send(port, "/auth/callback", { method: "OPTIONS" }), 405],
    [
      "another Host",
      () => send(port, `/auth/callback?code=abc&state=${state}`, { headers: { Host: "evil.example" } }),
      400,
    ],
    [
      "our Host at another port",
      () => send(port, `/auth/callback?code=a&state=${state}`, { headers: { Host: "localhost:1" } }),
      400,
    ],
    ...["evillocalhost", "evil.localhost", "localhost@evil.example", "x127.0.0.1", "localhost.evil.example"].map(
      (host): [string, () => Promise<Reply>, number] => [
        `the Host ${host}`,
        () => send(port, `/auth/callback?code=a&state=${state}`, { headers: { Host: `${host}:${port}` } }),
        400,
      ],
    ),
    [
      "an Origin",
      () => send(port, `/auth/callback?code=a&state=${state}`, { headers: { Origin: "https://evil.example" } }),
      400,
    ],
    ["a query of 10 KB", () => callback(`code=${"a".repeat(10_240)}&state=${state}`), 414],
    ["a target that is not a path", () => send(port, `http://evil.example/auth/callback?code=a&state=${state}`), 400],
    ["a path that is no URL", () => send(port, "//:80:80/"), 400],
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
        const socket = connect(port, "127.0.0.1", () => socket.end("NOT HTTP AT ALL\r\n\r\n"));
        socket.on("close", () => resolve()).on("error", () => resolve());
      });
    const all = Array.from({ length: 200 }, (_, index) => {
      const stray = strays[index % strays.length];
      return index % 10 === 0 ? broken() : stray?.[1]();
    });
    await Promise.all(all);
    assert.deepEqual(answers, []);
    assert.equal((await callback(`code=${code}&state=${state}`)).status, 302);
  });

  it("drops a connection that never says anything when it closes", async () => {
    const silent = connect(port, "127.0.0.1");
    await new Promise((resolve) => silent.once("connect", resolve));
    const closed = new Promise((resolve) => silent.once("close", resolve));
    await server.close();
    await closed;
  });

  it("asks the system for the two loopback addresses alone, and gives a slow request up", async () => {
    const asked: unknown[] = [];
    const limits: unknown[] = [];
    const free = await freePort();
    const { listen } = Server.prototype;
    Server.prototype.listen = function (this: HttpServer, ...args: unknown[]) {
      asked.push(args[0]);
      limits.push([this.headersTimeout, this.requestTimeout]);
      return Reflect.apply(listen, this, args);
    } as typeof listen;
    const other = new CallbackServer(state, async () => ({ failure: pages.badRequest }), log);
    try {
      await other.listen([free]);
    } finally {
      Server.prototype.listen = listen;
      await other.close();
    }
    const expected = ["127.0.0.1", "::1"].map((host) => ({ host, port: free, exclusive: true }));
    assert.deepEqual(asked, expected);
    assert.deepEqual(limits, [
      [5_000, 10_000],
      [5_000, 10_000],
    ]);
  });

  it("goes to the second port when the first is taken on either address", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const taken = createServer();
      const first = await new Promise<number>((resolve) => {
        taken.listen(0, host, () => resolve((taken.address() as { port: number }).port));
      });
      const second = await freePort();
      const other = new CallbackServer(state, async () => ({ failure: pages.badRequest }), log);
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
      // What Windows answers for a port in a range of its own, WSAEACCES (10013).
      setImmediate(() =>
        this.emit("error", Object.assign(new Error("listen EACCES"), { code: "EACCES", errno: -4092 })),
      );
      return this;
    } as typeof listen;
    const other = new CallbackServer(state, async () => ({ failure: pages.accessDenied }), log);
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
      assert.deepEqual(await failed([first, port]), ["portInUse", ["reserved", "inUse"]]);
      reserved.add(second);
      assert.deepEqual(await failed([first, second]), ["portReserved", ["reserved", "reserved"]]);
    } finally {
      Server.prototype.listen = listen;
      await other.close();
    }
  });

  it("says that the ports are in use when they all are", async () => {
    const other = new CallbackServer(state, async () => ({ failure: pages.badRequest }), log);
    await assert.rejects(other.listen([port]), (error) => isProblem(error, "portInUse"));
  });

  describe("keeps its errors in the log,", () => {
    const errorsOf = (what: RegExp) => lines.filter((line) => what.test(line));

    it("of its handler, and shows a page", async () => {
      const failing = new CallbackServer(
        state,
        async () => {
          throw Object.assign(new Error("unforeseen canary"), { code: "E_UNFORESEEN" });
        },
        log,
      );
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
      const other = new CallbackServer(state, async () => ({ success: successPage(undefined) }), log);
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
          const socket = connect(port, "127.0.0.1", () => socket.write(text));
          socket.on("close", () => resolve()).on("error", () => {});
        });
      for (let times = 0; times < 3; times += 1) await say("canary-sk-0123456789abcdef NOT HTTP\r\n\r\n");
      await say(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\nX: ${"canary".repeat(5_000)}\r\n\r\n`);
      assert.deepEqual(lines, [
        "The sign-in's listener dropped a connection: Error HPE_INVALID_METHOD",
        "The sign-in's listener dropped a connection: Error HPE_HEADER_OVERFLOW",
      ]);
    });

    it("of a connection that breaks off", async () => {
      const socket = connect(port, "127.0.0.1");
      await new Promise<void>((resolve) => socket.write("GET /auth/callback?", () => resolve()));
      await send(port, "/");
      socket.resetAndDestroy();
      const broken = /dropped a connection: Error ECONNRESET/;
      while (errorsOf(broken).length === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await callback(`code=${code}&state=${state}`)).status, 302);
    });

    it("of ports that it could not have", async () => {
      const other = new CallbackServer(state, async () => ({ failure: pages.badRequest }), log);
      await assert.rejects(other.listen([port]), (error) => isProblem(error, "portInUse"));
      assert.deepEqual(lines, [`Port ${port} could not be listened on: Error EADDRINUSE`]);
    });

    it("of a computer without IPv6, where it listens on 127.0.0.1 alone", async () => {
      const { listen } = Server.prototype;
      Server.prototype.listen = function (this: Server, ...args: unknown[]) {
        const [{ host }] = args as [{ host: string }];
        if (host !== "::1") return Reflect.apply(listen, this, args);
        setImmediate(() => this.emit("error", Object.assign(new Error("listen"), { code: "EADDRNOTAVAIL" })));
        return this;
      } as typeof listen;
      const other = new CallbackServer(state, async () => ({ success: successPage(undefined) }), log);
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
      await send(port, "/favicon.ico");
      assert.deepEqual(lines, []);
    });
  });
});

describe("The success page", () => {
  it("links to the Platform set-up only when it is needed", () => {
    assert.doesNotMatch(successPage(undefined).html, /href/);
    assert.match(successPage("https://platform.openai.com/").html, /href="https:\/\/platform\.openai\.com\/"/);
  });

  it("names its language and title for a screen reader, and follows the system's colours", () => {
    const { html } = successPage(undefined);
    assert.match(html, /<html lang="en">/);
    assert.match(html, /<title>You are signed in/);
    assert.match(html, /<main><h1>/);
    assert.match(html, /color-scheme: light dark/);
  });
});
