import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { PortsRefused } from "../../src/oauth/callbackListener.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Problem } from "../../src/shared/problem.ts";
import { cancelOtherLogin, findPortOwner } from "../../src/signin/portOwner.ts";
import { startIssuer } from "../issuer/issuer.ts";
import { CookieJar, loginByHttp } from "../issuer/login.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { type ProcessTree, startProcessTree, temporaryDirectory } from "../support/cleanUp.ts";
import { codexEnvironment, ensureCodexCli } from "../support/codexCli.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connectProxy.ts";
import { createPrivateCa, type PrivateCa } from "../support/privateCa.ts";
import { browseAs, createServices, type TestServices } from "../support/services.ts";
import { signInPageBehind } from "../support/signInAddress.ts";
import { eventually, patience, within } from "../support/timing.ts";

const authHost = "auth.openai.com";

describe("the real `codex login` beside our sign-in", function () {
  this.timeout(300_000);
  let folder: ReturnType<typeof temporaryDirectory>;
  let ca: PrivateCa;
  /** The Codex CLI's issuer, under its real name, and ours. */
  let theirs: TestIssuer;
  let ours: TestIssuer;
  let proxy: ConnectProxy;
  let services: TestServices;
  let link: PromiseWithResolvers<string>;
  let home: string;
  let homes = 0;
  const ordinaryCas = getCACertificates("default");
  let login: ProcessTree | undefined;

  before(async () => {
    ensureCodexCli();
    folder = temporaryDirectory();
    ca = createPrivateCa(folder.path, [authHost]);
    setDefaultCACertificates([...ordinaryCas, ca.ca]);
    theirs = await startIssuer({ tls: ca.tls, publicOrigin: `https://${authHost}` });
    ours = await startIssuer();
    proxy = await startConnectProxy({ [authHost]: Number(new URL(theirs.listening).port) });
  });
  after(async () => {
    setDefaultCACertificates(ordinaryCas);
    await proxy?.close();
    await Promise.all([theirs?.close(), ours?.close()]);
    await folder?.remove();
  });
  beforeEach(async () => {
    home = join(folder.path, `login${++homes}`);
    await mkdir(home);
    link = Promise.withResolvers();
    services = await createServices({
      issuer: ours.issuer,
      openExternal: async (url) => {
        signInPageBehind(url).then(link.resolve, link.reject);
        return true;
      },
    });
  });
  afterEach(async () => {
    services.signIn.cancel();
    await login?.stop();
    await services.dispose();
  });

  /** A browser for which the Codex CLI's issuer is the one at auth.openai.com, its certificate trusted. */
  class Browser extends CookieJar {
    override async fetch(url: string | URL, init?: Parameters<CookieJar["fetch"]>[1]): Promise<Response> {
      const { origin, pathname, search } = new URL(url);
      return super.fetch(origin === theirs.origin ? new URL(pathname + search, theirs.listening) : url, init);
    }
  }

  /** Starts `codex login`; resolves with the address it wants opened. */
  async function startCodexLogin(): Promise<string> {
    const { command, args } = ensureCodexCli();
    const env = codexEnvironment(home, { proxy: proxy.url, caFile: ca.caFile });
    const started = startProcessTree(command, [...args, "login"], { env, cwd: home });
    login = started;
    return eventually(() => {
      const url = /https:\/\/auth\.openai\.com\/oauth\/authorize\S+/.exec(started.output())?.[0];
      return url ?? assert.fail(`codex login says:\n${started.output()}`);
    }, patience);
  }

  const portOf = (url: string) => new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port;

  /** Signs in for the Codex CLI, as a person would in the browser, and waits until it has ended well. */
  async function finishCodexLogin(url: string): Promise<void> {
    await fetch(await loginByHttp(url, "team@example.com", "password", {}, new Browser()));
    const status = await within(patience, "codex login", login?.ended ?? Promise.resolve(1));
    assert.equal(status, 0, login?.output());
    const { tokens } = JSON.parse(await readFile(join(home, "auth.json"), "utf8"));
    assert.equal(typeof tokens.refresh_token, "string");
  }

  it("goes on when ours starts second and takes the other port: both finish", async () => {
    const url = await startCodexLogin();
    assert.equal(portOf(url), "1455");
    const run = services.signIn.run();
    const ourLink = await link.promise;
    assert.equal(portOf(ourLink), "1457");
    await browseAs("plus@example.com")(ourLink);
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
    await finishCodexLogin(url);
  });

  it("does not end ours when it starts second, although it asks for that: both finish", async () => {
    const run = services.signIn.run();
    const ourLink = await link.promise;
    assert.equal(portOf(ourLink), "1455");
    const url = await startCodexLogin();
    assert.equal(portOf(url), "1457");
    assert.equal(services.signIn.running?.stage, "waitingForBrowser");
    await finishCodexLogin(url);
    await browseAs("plus@example.com")(ourLink);
    await run;
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
  });

  it("is named when it holds the port, and ends only when the person agrees; then the port is free", async () => {
    const other = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => other.listen(1457, "127.0.0.1", resolve));
    try {
      await startCodexLogin();
      let ended = false;
      void login?.ended.then(() => {
        ended = true;
      });
      const asked: Problem[] = [];
      const owners: unknown[] = [];
      const asking = await createServices({
        issuer: ours.issuer,
        chooseFlow: async (problem) => {
          asked.push(problem);
          owners.push((await findPortOwner(1455)).program);
          assert.equal(ended, false, login?.output());
          await cancelOtherLogin(1455, systemClock);
          return "browser";
        },
      });
      await asking.signIn.run();
      assert.equal(asking.accounts.state.active?.email, "plus@example.com");
      assert.ok(asked[0] instanceof PortsRefused);
      assert.deepEqual(owners, process.platform === "linux" ? ["codex"] : [undefined]);
      assert.notEqual(await within(patience, "codex login", login?.ended ?? Promise.resolve(0)), 0);
      assert.match(login?.output() ?? "", /cancelled|interrupted/i);
      await asking.dispose();
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});
