import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import type { CreditRedeemer } from "../../../src/account/followUp/credits.ts";
import { KeyDeriver } from "../../../src/account/followUp/derivedKey.ts";
import { FollowUp } from "../../../src/account/followUp/followUp.ts";
import { readClaims } from "../../../src/oauth/claims.ts";
import type { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { Fault, TestIssuer } from "../../issuer/types.ts";
import { ManualClock } from "../../support/manualClock.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import { browseAs, createServices, type TestServices } from "../../support/services.ts";

/** Whether a port of the sign-in is free again, waiting at most a second for it. */
async function becomesFree(port: number): Promise<boolean> {
  const end = Date.now() + 1_000;
  const isTaken = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
  while (await isTaken()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((_request, response) => response.end("somebody else"));
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

describe("Signing in with a browser", () => {
  let issuer: TestIssuer;
  let services: TestServices;

  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  beforeEach(async () => {
    services = await createServices({ issuer: issuer.issuer });
  });
  afterEach(async () => {
    issuer.faults.clear();
    services.signIn.cancel();
    assert.equal(await becomesFree(1455), true, "port 1455 is free within a second");
    await services.dispose();
  });

  it("stores the credential of whoever signs in", async () => {
    await services.signIn.run();
    const { active } = services.accounts.state;
    assert.equal(active?.email, "plus@example.com");
    assert.equal(active?.plan, "plus");
    assert.equal(active?.accountId, "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01");
    assert.equal(active?.derivedKey.status, "absent");
    // All of it in one record: the tokens that were issued, the key or why there is none, the times.
    const record = JSON.parse((services.secrets as MemorySecrets).values.get(`credential.${active?.id}`) ?? "{}");
    const issued = (kind: string) => issuer.secrets().findLast((secret) => secret.kind === kind)?.value;
    assert.deepEqual(record.tokens, {
      idToken: issued("id_token"),
      accessToken: issued("access_token"),
      refreshToken: issued("refresh_token"),
    });
    assert.deepEqual(record.derivedKey, { status: "absent", why: "pending" });
    assert.ok(Math.abs(Date.now() - record.signedInAt) < 60_000);
    assert.equal((services.secrets as MemorySecrets).values.size, 2, "the record and the index, and no other secret");
    assert.equal(services.signIn.running, undefined);
    // Another window reads the same from the same secrets.
    const other = await createServices({ issuer: issuer.issuer, secrets: services.secrets });
    await other.accounts.load();
    assert.deepEqual(other.accounts.state.active, active);
    await other.dispose();
  });

  it("does what belongs to it before anybody is told, and after it is stored", async () => {
    const { accounts, mode, secrets } = services;
    mode.current = "apiKey";
    const stored: number[] = [];
    const told: unknown[] = [];
    accounts.onDidChange(({ active }) => told.push([active?.email, mode.current]));
    await services.signIn.run({
      onStored: async () => {
        stored.push((secrets as MemorySecrets).values.size);
        await new Promise((resolve) => setImmediate(resolve));
        mode.current = "chatgpt";
      },
    });
    assert.deepEqual(stored, [2]);
    assert.deepEqual(told, [["plus@example.com", "chatgpt"]]);
  });

  it("stands when what belongs to it fails", async () => {
    const told: unknown[] = [];
    services.accounts.onDidChange(({ active }) => told.push(active?.email));
    await services.signIn.run({ onStored: () => Promise.reject(new Error("settings.json has errors")) });
    assert.deepEqual(told, ["plus@example.com"]);
    assert.doesNotMatch(services.lines.join(), /settings\.json/);
  });

  it("speaks to the issuer as the protocol says", async () => {
    await services.signIn.run();
    const request = issuer.recordsOf("authorize").at(-1)?.params ?? {};
    assert.equal(request.client_id, "app_EMoamEEZ73f0CkXaXp7hrann");
    assert.equal(request.redirect_uri, "http://localhost:1455/auth/callback");
    assert.equal(request.response_type, "code");
    assert.equal(request.scope, "openid profile email offline_access");
    assert.equal(request.code_challenge_method, "S256");
    assert.equal(request.code_challenge?.length, 43);
    assert.equal(request.state?.length, 43);
    assert.equal(request.id_token_add_organizations, "true");
    assert.equal(request.codex_cli_simplified_flow, "true");
    assert.equal(request.originator, "chatgpt_sign_in");
    const exchange = issuer.recordsOf("codeExchange").at(-1);
    assert.equal(exchange?.pkce, true);
    assert.match(exchange?.contentType ?? "", /^application\/x-www-form-urlencoded/);
    assert.match(exchange?.userAgent ?? "", /^chatgpt_sign_in\//);
    assert.equal(exchange?.originator, "chatgpt_sign_in");
  });

  it("sends the browser to the success page only once the credential is stored", async () => {
    const pages: { url: string; stored: number; html: string }[] = [];
    const shown = Promise.withResolvers<void>();
    (services.secrets as MemorySecrets).storeLatencyMs = 60;
    services.browser.open = async (url) => {
      const redirect = await loginByHttp(url, "owner@example.com", "password");
      fetch(redirect, { redirect: "manual" })
        .then(async (answer) => {
          const stored = (services.secrets as MemorySecrets).values.size;
          const page = await fetch(answer.headers.get("location") ?? "");
          pages.push({ url: page.url, stored, html: await page.text() });
        })
        .then(shown.resolve, shown.reject);
      return true;
    };
    await services.signIn.run();
    await shown.promise;
    assert.equal(pages[0]?.url, "http://localhost:1455/success");
    assert.equal(pages[0]?.stored, 2);
    assert.match(pages[0]?.html ?? "", /href="https:\/\/platform\.openai\.com\/"/);
  });

  it("listens before the browser is opened, and says in the log where", async () => {
    const open = browseAs("plus@example.com");
    const statuses: number[] = [];
    services.browser.open = async (url) => {
      statuses.push((await fetch("http://localhost:1455/")).status);
      return open(url);
    };
    await services.signIn.run();
    assert.deepEqual(statuses, [404]);
    assert.ok(services.lines.includes("Waiting for the sign-in page's answer on port 1455"));
  });

  it("frees the port within a second though the browser never fetches its last page", async () => {
    services.browser.open = async (url) => {
      const redirect = await loginByHttp(url, "plus@example.com", "password");
      void fetch(redirect, { redirect: "manual" });
      return true;
    };
    await services.signIn.run();
    assert.equal(await becomesFree(1455), true);
  });

  it("is done, in the browser too, before the API key and the credits have been asked for", async () => {
    const key = Promise.withResolvers<string>();
    const credits = Promise.withResolvers<void>();
    const asked: string[] = [];
    const tokenEndpoint = () => ({ exchangeForApiKey: () => key.promise }) as unknown as TokenEndpoint;
    const ask = async (id: string) => {
      asked.push(id);
      await credits.promise;
    };
    const behind = await createServices({
      issuer: issuer.issuer,
      beginFollowUp: (of, idToken) => after.begin(of, idToken),
    });
    const { accounts, log } = behind;
    const deriver = new KeyDeriver(accounts, tokenEndpoint, systemClock, log);
    const after = new FollowUp({ accounts, deriver, credits: { ask } as CreditRedeemer, log });
    const shown = Promise.withResolvers<string>();
    behind.browser.open = async (url) => {
      const redirect = await loginByHttp(url, "plus@example.com", "password");
      fetch(redirect).then(({ url: last }) => shown.resolve(last), shown.reject);
      return true;
    };

    await behind.signIn.run();
    assert.equal(await shown.promise, "http://localhost:1455/success");
    assert.equal(behind.signIn.running, undefined);
    assert.deepEqual(accounts.state.active?.derivedKey, { status: "absent", why: "pending" });
    assert.deepEqual(asked, []);

    const keyStored = new Promise<void>((resolve) => accounts.onDidChange(() => resolve()));
    key.resolve("sk-made-for-the-account-0000000000000000");
    await keyStored;
    assert.equal(accounts.state.active?.derivedKey.status, "present");
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(asked, [accounts.state.active?.id]);
    credits.resolve();
    await behind.dispose();
  });

  it("waits for nothing that follows it, and begins it with the tokens that came", async () => {
    const begun: string[] = [];
    const stored: number[] = [];
    const never = await createServices({
      issuer: issuer.issuer,
      beginFollowUp: (of, idToken) => {
        begun.push(`${of} ${readClaims(idToken)?.email}`);
        return (id) => {
          stored.push([...(never.secrets as MemorySecrets).values.keys()].filter((name) => name.includes(id)).length);
          return new Promise<void>(() => {});
        };
      },
    });
    await never.signIn.run();
    assert.deepEqual(begun, [`${issuer.issuer} plus@example.com`]);
    assert.deepEqual(stored, [1], "what follows goes on once the credential is stored");
    await never.dispose();
  });

  it("tells its stages in order", async () => {
    const stages: (string | undefined)[] = [];
    services.signIn.onDidChange(() => stages.push(services.signIn.running?.stage));
    await services.signIn.run();
    assert.deepEqual(stages, ["starting", "waitingForBrowser", "exchangingCode", "saving", undefined]);
  });

  it("is not started twice", async () => {
    const opened: string[] = [];
    services.browser.open = async (url) => {
      opened.push(url);
      return true;
    };
    const first = services.signIn.run();
    const second = services.signIn.run();
    await services.signIn.bringForward();
    while (opened.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await services.signIn.bringForward();
    assert.equal(opened.length, 2);
    assert.equal(opened[0], opened[1]);
    await browseAs("plus@example.com")(opened[0] ?? "");
    await Promise.all([first, second]);
  });

  it("makes a new state and code verifier for each attempt", async () => {
    await services.signIn.run();
    await services.signIn.run();
    const [one, other] = issuer.recordsOf("authorize").slice(-2);
    assert.notEqual(one?.params.state, other?.params.state);
    assert.notEqual(one?.params.code_challenge, other?.params.code_challenge);
  });

  it("keeps two ChatGPT workspaces of one email apart", async () => {
    await services.signIn.run();
    issuer.setAccount("plus", { chatgptAccountId: "another-workspace" });
    await services.signIn.run();
    assert.equal(services.accounts.state.accounts.length, 2);
    assert.equal(services.accounts.state.active?.accountId, "another-workspace");
  });

  it("uses port 1457 when another program has 1455", async () => {
    const taken = await occupy(1455);
    await services.signIn.run();
    assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1457/auth/callback");
    await new Promise((resolve) => taken.close(resolve));
    assert.equal(await becomesFree(1457), true);
  });

  describe("that fails", () => {
    beforeEach(async () => {
      services.browser.open = browseAs("team@example.com");
      await services.signIn.run();
      await becomesFree(1455);
      services.browser.open = browseAs("plus@example.com");
    });

    /** Whatever happened: whoever was signed in before still is. */
    afterEach(async () => {
      assert.equal(services.signIn.running, undefined);
      assert.equal(services.accounts.state.active?.email, "team@example.com");
      assert.equal(services.accounts.state.accounts.length, 1);
      const kept = await createServices({ issuer: issuer.issuer, secrets: services.secrets });
      await kept.accounts.load();
      assert.equal(kept.accounts.state.active?.email, "team@example.com");
      await kept.dispose();
    });

    const fails = (code: ProblemCode) =>
      assert.rejects(services.signIn.run(), (error) => isProblem(error, code) || assert.fail(String(error)));

    const faults: readonly [Fault, ProblemCode][] = [
      [{ kind: "serverError" }, "serviceFailed"],
      [{ kind: "status", status: 429 }, "rateLimited"],
      [{ kind: "status", status: 400, code: "invalid_grant" }, "exchangeRefused"],
      [{ kind: "region" }, "regionBlocked"],
      [{ kind: "edgePage" }, "edgeBlocked"],
      [{ kind: "html" }, "unreadableAnswer"],
      [{ kind: "truncated" }, "unreadableAnswer"],
      [{ kind: "wrongTypes" }, "unreadableAnswer"],
      [{ kind: "oversized" }, "unreadableAnswer"],
      [{ kind: "redirect" }, "unreadableAnswer"],
      [{ kind: "closeBefore" }, "answerLost"],
      [{ kind: "closeDuring" }, "answerLost"],
      [{ kind: "closeAfter" }, "answerLost"],
    ];
    /** What the browser is shown in the end; the redirect back can be changed on its way. */
    function shownPage(options: Parameters<typeof loginByHttp>[3] = {}, change = (_redirect: URL) => {}) {
      const { promise, resolve, reject } = Promise.withResolvers<[status: number, html: string]>();
      promise.catch(() => {});
      services.browser.open = async (url) => {
        const redirect = new URL(await loginByHttp(url, "plus@example.com", "password", options));
        change(redirect);
        fetch(redirect).then(async (answer) => resolve([answer.status, await answer.text()]), reject);
        return true;
      };
      return promise;
    }
    const tryAgain = /run “Sign in with ChatGPT” to try again/;

    for (const [fault, code] of faults) {
      it(`says ${code} when the token endpoint answers with ${JSON.stringify(fault)}, and the page has status 502`, async () => {
        issuer.faults.set("token", fault);
        const page = shownPage();
        await fails(code);
        const [status, html] = await page;
        assert.equal(status, 502);
        assert.match(html, /<h1>Sign-in could not be completed<\/h1><p>VS Code says what went wrong\./);
        assert.match(html, tryAgain);
        assert.doesNotMatch(html, /invalid_grant|unsupported_country|Cloudflare/i);
      });
    }

    it("shows the browser that the credential could not be stored, with status 500", async () => {
      (services.secrets as MemorySecrets).failingStores = 1;
      const page = shownPage();
      await fails("saveFailed");
      const [status, html] = await page;
      assert.equal(status, 500);
      assert.match(html, /<h1>The credential could not be stored<\/h1>/);
      assert.match(html, /You signed in, but VS Code could not store the credential\./);
      assert.doesNotMatch(html, /You are signed in/);
    });

    it("shows the browser that the person cancelled, with status 400", async () => {
      const page = shownPage({ cancel: true });
      await fails("accessDenied");
      const [status, html] = await page;
      assert.equal(status, 400);
      assert.match(html, /<h1>Access was denied or cancelled<\/h1>/);
    });

    it("shows the browser an error of the sign-in page's, with status 400 and not in its words", async () => {
      const page = shownPage({}, ({ searchParams }) => {
        searchParams.delete("code");
        searchParams.set("error", "canary_error");
        searchParams.set("error_description", "canary text");
      });
      await fails("issuerError");
      const [status, html] = await page;
      assert.equal(status, 400);
      assert.match(html, /<h1>The sign-in page reported an error<\/h1>/);
      assert.doesNotMatch(html, /canary/);
      assert.ok(services.lines.some((line) => line.includes("canary_error")));
    });

    it("gives up an issuer that does not answer when the person cancels, at once", async () => {
      issuer.faults.set("token", { kind: "slow", delayMs: 3_600_000 });
      services.signIn.onDidChange(() => {
        if (services.signIn.running?.stage === "exchangingCode") setTimeout(() => services.signIn.cancel(), 50);
      });
      await fails("cancelled");
    });

    it("ends when the person cancels while the browser is open", async () => {
      services.browser.open = async () => {
        setImmediate(() => services.signIn.cancel());
        return true;
      };
      await fails("cancelled");
    });

    it("ends when the sign-in page sends no code, and the browser says what to do", async () => {
      const page = shownPage({}, ({ searchParams }) => searchParams.delete("code"));
      await fails("missingCode");
      const [status, html] = await page;
      assert.equal(status, 400);
      assert.match(html, /<h1>The sign-in was not completed<\/h1>/);
      assert.match(html, tryAgain);
    });

    it("tells of an account that does not include Codex, and so does the browser", async () => {
      issuer.setAccount("plus", { entitled: false });
      const page = shownPage();
      try {
        await fails("noEntitlement");
        const [status, html] = await page;
        assert.equal(status, 400);
        assert.match(html, /<h1>Your account does not include Codex<\/h1>/);
      } finally {
        issuer.setAccount("plus", { entitled: true });
      }
    });

    it("ends after 10 minutes without an answer", async () => {
      const clock = new ManualClock();
      const slow = await createServices({ issuer: issuer.issuer, clock, openExternal: async () => true });
      const run = slow.signIn.run();
      const failed = assert.rejects(run, (error) => isProblem(error, "timedOut"));
      while (slow.signIn.running?.stage !== "waitingForBrowser") await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(10 * 60_000 - 1);
      assert.notEqual(slow.signIn.running, undefined);
      await clock.advance(1);
      await failed;
      assert.equal(clock.pending, 0);
      await slow.dispose();
    });

    it("says so when both ports are taken, and opens no browser", async () => {
      const taken = await Promise.all([occupy(1455), occupy(1457)]);
      let opened = false;
      services.browser.open = async () => {
        opened = true;
        return true;
      };
      await fails("portInUse");
      assert.equal(opened, false);
      await Promise.all(taken.map((server) => new Promise((resolve) => server.close(resolve))));
    });

    it("says so when the browser cannot be opened", async () => {
      services.browser.open = async () => {
        throw new Error("no browser");
      };
      await fails("browserFailed");
    });

    it("keeps waiting when the person copied the link instead of opening it", async () => {
      services.browser.open = async () => false;
      const run = services.signIn.run();
      const failed = assert.rejects(run, (error) => isProblem(error, "cancelled"));
      while (services.signIn.running?.stage !== "waitingForBrowser")
        await new Promise((resolve) => setImmediate(resolve));
      assert.notEqual(services.signIn.running, undefined);
      services.signIn.cancel();
      await failed;
    });
  });

  it("is not disturbed by strays during the whole of it", async () => {
    services.browser.open = async (url) => {
      const strays = Array.from({ length: 200 }, (_, index) =>
        fetch(`http://127.0.0.1:1455/${index % 2 ? "favicon.ico" : "auth/callback?code=x&state=y"}`, {
          method: index % 3 ? "GET" : "POST",
        }).then((response) => response.status),
      );
      const statuses = await Promise.all(strays);
      assert.ok(statuses.every((status) => status >= 400 && status < 500));
      return browseAs("plus@example.com")(url);
    };
    await services.signIn.run();
    assert.equal(services.accounts.state.active?.email, "plus@example.com");
  });

  it("writes none of its secrets to the log", async () => {
    await services.signIn.run();
    const text = services.lines.join("\n");
    for (const { value, kind } of issuer.secrets()) assert.ok(!text.includes(value), `a ${kind} is in the log`);
    assert.ok(services.lines.length > 0);
  });
});
