import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { CodexAppServer, type CodexAppServerOptions } from "../../src/codex/appServer/appServer.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { usualModels } from "../fakeApi/catalogue.ts";
import { FakeApi } from "../fakeApi/fakeApi.ts";
import { startIssuer } from "../issuer/issuer.ts";
import { CookieJar, loginByHttp } from "../issuer/login.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { codexEnvironment, ensureCodexCli } from "../support/codexCli.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connectProxy.ts";
import { createPrivateCa, type PrivateCa } from "../support/privateCa.ts";

export const authHost = "auth.openai.com";
export const plusAccountId = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";

/** OpenAI's hosts as the real CLI sees them, all on this computer, and a home of its own for each test. */
export interface CodexWorld {
  readonly issuer: TestIssuer;
  readonly fakeApi: FakeApi;
  readonly proxy: ConnectProxy;
  /** Both `HOME` and `CODEX_HOME`. */
  readonly home: string;
  readonly environment: Record<string, string>;
  readonly authFile: string;
  /** Starts over with a home that does not exist yet, its last part named so. */
  moveTo(name: string): void;
  appServer(change?: Partial<CodexAppServerOptions>): CodexAppServer;
  /** What a person does with the sign-in page's address; follows the callback too. */
  signInOn(authUrl: string): Promise<void>;
  /** Whether the ChatGPT service takes this access token. */
  accepts(accessToken: string): Promise<boolean>;
  /** Lets the CLI sign in for itself, as `codex login` does. */
  signInWithCli(change?: Partial<CodexAppServerOptions>): Promise<void>;
}

/** Registers its own hooks in the surrounding suite. */
export function useCodexWorld(): CodexWorld {
  let folder: ReturnType<typeof temporaryDirectory>;
  let ca: PrivateCa;
  let issuer: TestIssuer;
  let fakeApi: FakeApi;
  let chatgpt: Server;
  let proxy: ConnectProxy;
  const ordinaryCas = getCACertificates("default");
  let homes = 0;
  let home: string;
  let environment: Record<string, string>;

  const moveTo = (name: string) => {
    home = join(folder.path, `home${++homes}`, name);
    environment = codexEnvironment(home, { proxy: proxy.url, caFile: ca.caFile });
  };

  before(async () => {
    ensureCodexCli();
    folder = temporaryDirectory();
    ca = createPrivateCa(folder.path, [authHost, "chatgpt.com", "api.openai.com"]);
    setDefaultCACertificates([...ordinaryCas, ca.ca]);
    issuer = await startIssuer({ tls: ca.tls, publicOrigin: `https://${authHost}` });
    // With a model of the older form this CLI sends its instructions in the input, which our stand-in refuses.
    fakeApi = new FakeApi({
      ...usualModels,
      catalogue: usualModels.catalogue.filter(isLite),
      accepts: (bearer) => issuer.secrets().some(({ kind, value }) => kind === "access_token" && value === bearer),
    });
    chatgpt = createServer(ca.tls, (request, response) => void answerAsChatGpt(fakeApi, request, response));
    await new Promise<void>((resolve) => chatgpt.listen(0, "127.0.0.1", resolve));
    proxy = await startConnectProxy({
      [authHost]: Number(new URL(issuer.listening).port),
      "chatgpt.com": (chatgpt.address() as AddressInfo).port,
    });
  });
  after(async () => {
    setDefaultCACertificates(ordinaryCas);
    await proxy?.close();
    chatgpt?.closeAllConnections();
    chatgpt?.close();
    await issuer?.close();
    await folder?.remove();
  });
  beforeEach(async () => {
    moveTo("");
    await mkdir(home, { recursive: true });
  });

  /** A browser for which our issuer is the one at auth.openai.com. */
  class Browser extends CookieJar {
    override fetch(url: string | URL, init?: Parameters<CookieJar["fetch"]>[1]): Promise<Response> {
      const { origin, pathname, search } = new URL(url);
      return super.fetch(origin === issuer.origin ? new URL(pathname + search, issuer.listening) : url, init);
    }
  }

  const appServer = (change: Partial<CodexAppServerOptions> = {}) =>
    new CodexAppServer({
      codex: ensureCodexCli(),
      cwd: home,
      environment,
      version: "0.1.0",
      clock: systemClock,
      ...change,
    });
  const signInOn = async (authUrl: string) => {
    await fetch(await loginByHttp(authUrl, "plus@example.com", "password", {}, new Browser()));
  };

  return {
    get issuer() {
      return issuer;
    },
    get fakeApi() {
      return fakeApi;
    },
    get proxy() {
      return proxy;
    },
    get home() {
      return home;
    },
    get environment() {
      return environment;
    },
    get authFile() {
      return join(home, "auth.json");
    },
    moveTo,
    appServer,
    signInOn,
    async accepts(accessToken) {
      const { port } = chatgpt.address() as AddressInfo;
      const headers = { authorization: `Bearer ${accessToken}`, "chatgpt-account-id": plusAccountId };
      return (await fetch(`https://127.0.0.1:${port}/backend-api/codex/models`, { headers })).status === 200;
    },
    async signInWithCli(change) {
      const login = await appServer(change).startLogin();
      assert.ok(login.ok, JSON.stringify(login));
      await signInOn(login.value.authUrl);
      assert.deepEqual(await login.value.completed, { ok: true, value: undefined });
    },
  };
}

function isLite(model: Readonly<Record<string, unknown>>): boolean {
  return model.use_responses_lite === true;
}

/** What the CLI asks of chatgpt.com: which ChatGPT workspaces there are, and their host; and the stand-in's API. */
async function answerAsChatGpt(fakeApi: FakeApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = request.headers["chatgpt-account-id"] ?? plusAccountId;
  const account = {
    id,
    plan_type: "plus",
    structure: "personal",
    workspace_backend_origin: "https://chatgpt.com",
    account_routing_override: "NO_CONSTRAINT",
  };
  if (request.url === "/backend-api/wham/accounts/check") {
    const body = { accounts: [account], account_ordering: [id], default_account_id: id };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  } else if (request.headers.upgrade) {
    // No WebSocket here: the CLI goes on with a plain request at once.
    response.writeHead(426).end();
  } else if (!(await fakeApi.handle(request, response))) {
    response.writeHead(404, { "content-type": "application/json" }).end('{"detail":"Not Found"}');
  }
}
