import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { redeemCredits } from "../../../src/account/followUp/credits.ts";
import { DeviceAuthorization } from "../../../src/oauth/deviceAuthorization.ts";
import { revoke } from "../../../src/oauth/revocation.ts";
import { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { checkApiKey } from "../../../src/openai/apiKeyCheck.ts";
import { createOpenAi } from "../../../src/openai/module.ts";
import { createHttpClient, type HttpClient } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { projectRoot } from "../../support/projectRoot.ts";
import { logInto, testDependencies } from "../openai/fixture.ts";
import { problemOf, sendTo } from "../openai/responseFixture.ts";

const secret = "sEcReT0123456789";
const { signal } = new AbortController();
const code = { deviceAuthId: secret, userCode: "ABCD", verificationUri: "https://a.test", intervalMs: 5000 };

/** Every call of the HTTP client, with the file that makes it. */
const calls: readonly (readonly [string, string, (http: HttpClient, base: string) => Promise<unknown>])[] = [
  [
    "redeeming a code",
    "oauth/tokenEndpoint.ts",
    (http, base) =>
      new TokenEndpoint(http, base).redeemCode({ code: secret, codeVerifier: secret, redirectUri: "http://localhost" }),
  ],
  ["refreshing", "oauth/tokenEndpoint.ts", (http, base) => new TokenEndpoint(http, base).refresh(secret)],
  [
    "deriving a key",
    "oauth/tokenEndpoint.ts",
    (http, base) => new TokenEndpoint(http, base).exchangeForApiKey(secret, "name"),
  ],
  ["revoking", "oauth/revocation.ts", (http, base) => revoke(http, base, secret)],
  [
    "asking for a device code",
    "oauth/deviceAuthorization.ts",
    (http, base) => new DeviceAuthorization(http, base).start(signal),
  ],
  [
    "asking whether a device code was entered",
    "oauth/deviceAuthorization.ts",
    (http, base) => new DeviceAuthorization(http, base).poll(code, signal),
  ],
  ["checking a key", "openai/apiKeyCheck.ts", (http, base) => checkApiKey(http, base, secret)],
  [
    "asking for credits",
    "account/followUp/credits.ts",
    async (http, base) => {
      const log: string[] = [];
      assert.equal(await redeemCredits(http, base, "plus", secret, logInto(log)), false);
      // It is only logged.
      throw Object.assign(new Error(), { logged: log.join() });
    },
  ],
  [
    "listing models",
    "openai/jsonCall.ts",
    async (http, base) => {
      const openai = createOpenAi({ ...testDependencies(base), http });
      return (await openai.requests()).catalogue.list(openai.backend("chatgpt"));
    },
  ],
  [
    "reading the usage",
    "openai/jsonCall.ts",
    async (http, base) => {
      const openai = createOpenAi({ ...testDependencies(base), http });
      return openai.usage.read(openai.backend("chatgpt"));
    },
  ],
];

describe("A hostile server", () => {
  const http = createHttpClient(() => "agent", "originator");
  let server: Server;
  let base: string;
  let answer: RequestListener;
  let paths: (string | undefined)[];
  before(async () => {
    server = createServer((request, response) => {
      paths.push(request.url);
      response.on("error", () => {});
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    paths = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** The code of what a call ends with, or the line of the log. */
  async function endOf(call: (http: HttpClient, base: string) => Promise<unknown>): Promise<string> {
    const error = await call(http, base).then(
      () => assert.fail("it succeeded"),
      (failed: unknown) => failed,
    );
    if (error instanceof Error && "logged" in error) return String(error.logged);
    assert.ok(isProblem(error), String(error));
    return `${error.code} ${error.detail}`;
  }

  for (const [name, , call] of calls) {
    describe(`while ${name}`, () => {
      it("is not read to the end when it sends without end", async () => {
        let sent = 0;
        answer = (_request, response) => {
          response.writeHead(200, { "Content-Type": "application/json" });
          const more = () => {
            if (response.destroyed) return;
            sent += 65_536;
            response.write(" ".repeat(65_536), () => setImmediate(more));
          };
          more();
        };
        assert.match(await endOf(call), /unreadableAnswer/);
        assert.ok(sent < 64 * 1024 * 1024, `${sent}`);
        assert.equal(paths.length, 1);
      });

      it("is not followed elsewhere, and nothing is sent there", async () => {
        for (const status of [301, 302, 303, 307, 308]) {
          paths = [];
          answer = (_request, response) =>
            response.writeHead(status, { Location: `${base}/elsewhere`, "Content-Type": "application/json" }).end("{}");
          assert.match(await endOf(call), /unreadableAnswer|serviceFailed|exchangeRefused|^The plan's.*30\d/);
          assert.equal(paths.length, 1);
          assert.ok(!paths.includes("/elsewhere"));
        }
      });

      it("is waited for 30 seconds at most, also while it sends something", async () => {
        const { timeout } = AbortSignal;
        const deadline = new AbortController();
        const asked: number[] = [];
        AbortSignal.timeout = (ms) => {
          asked.push(ms);
          return deadline.signal;
        };
        try {
          answer = (_request, response) => {
            response.writeHead(200, { "Content-Type": "application/json" });
            response.write(" ", () => deadline.abort(new DOMException("", "TimeoutError")));
          };
          assert.match(await endOf(call), /answerLost/);
          assert.ok(asked.length === 1 && asked.every((ms) => ms > 0 && ms <= 30_000), String(asked));
        } finally {
          AbortSignal.timeout = timeout;
        }
      });
    });
  }

  it("is not followed elsewhere with a chat request", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      paths = [];
      answer = (_request, response) => response.writeHead(status, { Location: `${base}/elsewhere` }).end();
      const to: typeof fetch = (_url, options) => fetch(`${base}/responses`, options);
      assert.equal(await problemOf(sendTo(to)), "unreadableAnswer");
      assert.deepEqual(paths, ["/responses"]);
    }
  });

  it("meets no call that is not tried here", () => {
    const root = join(projectRoot, "src");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const callers = (pattern: RegExp) =>
      files
        .filter((file) => pattern.test(readFileSync(join(root, file), "utf8")))
        .map((file) => file.replaceAll("\\", "/"));
    assert.deepEqual(callers(/http\.send\(/).sort(), [...new Set(calls.map(([, file]) => file))].sort());
    assert.deepEqual(callers(/(?<!#)\bfetch\(/), ["openai/request.ts"]);
  });
});
