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

/** OpenAI's hosts as the real Codex CLI sees them, all on this computer, and a separate home for each test. */
export class CodexWorld {
  issuer!: TestIssuer;
  fakeApi!: FakeApi;
  proxy!: ConnectProxy;
  /** Both `HOME` and `CODEX_HOME`. */
  home = "";
  environment: Record<string, string> = {};
  #folder: ReturnType<typeof temporaryDirectory> | undefined;
  #ca!: PrivateCa;
  #chatgpt!: Server;
  readonly #ordinaryCas = getCACertificates("default");
  #homes = 0;

  async start(): Promise<void> {
    ensureCodexCli();
    const folder = temporaryDirectory();
    this.#folder = folder;
    this.#ca = createPrivateCa(folder.path, [authHost, "chatgpt.com", "api.openai.com"]);
    const { tls, ca } = this.#ca;
    setDefaultCACertificates([...this.#ordinaryCas, ca]);
    const issuer = await startIssuer({ tls, publicOrigin: `https://${authHost}` });
    this.issuer = issuer;
    // With a model of the older form this CLI sends its instructions in the input, which our fake API refuses.
    const fakeApi = new FakeApi({
      ...usualModels,
      catalogue: usualModels.catalogue.filter(isLite),
      accepts: (bearer) => issuer.secrets().some(({ kind, value }) => kind === "access_token" && value === bearer),
    });
    this.fakeApi = fakeApi;
    const chatgpt = createServer(tls, (request, response) => void answerAsChatGpt(fakeApi, request, response));
    this.#chatgpt = chatgpt;
    await new Promise<void>((resolve) => chatgpt.listen(0, "127.0.0.1", resolve));
    this.proxy = await startConnectProxy({
      [authHost]: Number(new URL(issuer.listening).port),
      "chatgpt.com": (chatgpt.address() as AddressInfo).port,
    });
  }

  async stop(): Promise<void> {
    setDefaultCACertificates(this.#ordinaryCas);
    await this.proxy?.close();
    this.#chatgpt?.closeAllConnections();
    this.#chatgpt?.close();
    await this.issuer?.close();
    await this.#folder?.remove();
  }

  get authFile(): string {
    return join(this.home, "auth.json");
  }

  /** Starts over with a home that does not exist yet, whose last part is this name. */
  moveTo(name: string): void {
    this.#homes += 1;
    this.home = join(this.#folder?.path ?? "", `home${this.#homes}`, name);
    this.environment = codexEnvironment(this.home, { proxy: this.proxy.url, caFile: this.#ca.caFile });
  }

  appServer(change: Partial<CodexAppServerOptions> = {}): CodexAppServer {
    return new CodexAppServer({
      codex: ensureCodexCli(),
      cwd: this.home,
      environment: this.environment,
      version: "0.1.0",
      clock: systemClock,
      ...change,
    });
  }

  /**
   * What a person does with the sign-in page's address; follows the callback too.
   * @param issuer what the issuer calls itself
   */
  async signInOn(authUrl: string, issuer = this.issuer.issuer): Promise<void> {
    const redirect = new URL(await loginByHttp(authUrl, "plus@example.com", "password", {}, new Browser(this.issuer)));
    redirect.searchParams.set("iss", issuer);
    await fetch(redirect);
  }

  /** Whether the ChatGPT service accepts this access token. */
  async accepts(accessToken: string): Promise<boolean> {
    const { port } = this.#chatgpt.address() as AddressInfo;
    const headers = { authorization: `Bearer ${accessToken}`, "chatgpt-account-id": plusAccountId };
    return (await fetch(`https://127.0.0.1:${port}/backend-api/codex/models`, { headers })).status === 200;
  }

  /** Lets the Codex CLI sign in by itself, as `codex login` does. */
  async signInWithCli(change?: Partial<CodexAppServerOptions>): Promise<void> {
    const login = await this.appServer(change).startLogin();
    assert.ok(login.ok, JSON.stringify(login));
    await this.signInOn(login.value.authUrl);
    assert.deepEqual(await login.value.completed, { ok: true, value: undefined });
  }
}

/** Registers its own hooks in the surrounding suite. */
export function useCodexWorld(): CodexWorld {
  const world = new CodexWorld();
  before(() => world.start());
  after(() => world.stop());
  beforeEach(async () => {
    world.moveTo("");
    await mkdir(world.home, { recursive: true });
  });
  return world;
}

/** A browser for which our issuer is the one at auth.openai.com. */
class Browser extends CookieJar {
  readonly #issuer: TestIssuer;

  constructor(issuer: TestIssuer) {
    super();
    this.#issuer = issuer;
  }

  override fetch(url: string | URL, init?: Parameters<CookieJar["fetch"]>[1]): Promise<Response> {
    const { origin, pathname, search } = new URL(url);
    const isIssuer = origin === this.#issuer.origin;
    return super.fetch(isIssuer ? new URL(pathname + search, this.#issuer.listening) : url, init);
  }
}

function isLite(model: Readonly<Record<string, unknown>>): boolean {
  return model.use_responses_lite === true;
}

/** chatgpt.com for the Codex CLI: the list of ChatGPT workspaces with their host, and the fake API. */
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
    // No WebSocket here: the Codex CLI goes on with a plain request at once.
    response.writeHead(426).end();
  } else if (!(await fakeApi.handle(request, response))) {
    response.writeHead(404, { "content-type": "application/json" }).end('{"detail":"Not Found"}');
  }
}
