import assert from "node:assert/strict";
import type { CreditRedeemer } from "../../../src/account/followUp/credits.ts";
import { KeyDeriver } from "../../../src/account/followUp/derivedKey.ts";
import { FollowUp } from "../../../src/account/followUp/followUp.ts";
import { readClaims } from "../../../src/oauth/claims.ts";
import type { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import { becomesFree, occupy } from "../../support/ports.ts";
import { browseAs, createServices, noFollowUp, type TestServices } from "../../support/services.ts";

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
    assert.equal(active?.workspaceId, "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01");
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
    const { accounts, policy, log } = behind;
    const deriver = new KeyDeriver({ accounts, tokenEndpoint, policy, clock: systemClock, log });
    const after = new FollowUp({ accounts, deriver, credits: { ask } as CreditRedeemer, policy, log });
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
        const finish = (id: string) => {
          stored.push([...(never.secrets as MemorySecrets).values.keys()].filter((name) => name.includes(id)).length);
          return new Promise<void>(() => {});
        };
        return { ...noFollowUp, finish };
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
    assert.deepEqual(stages, ["starting", "waitingForBrowser", "redeeming", "saving", undefined]);
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
    assert.notEqual(opened[0], opened[1]);
    await browseAs("plus@example.com")(opened[1] ?? "");
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
    assert.equal(services.accounts.state.active?.workspaceId, "another-workspace");
  });

  it("uses port 1457 when another program has 1455", async () => {
    const taken = await occupy(1455);
    await services.signIn.run();
    assert.equal(issuer.recordsOf("codeExchange").at(-1)?.redirectUri, "http://localhost:1457/auth/callback");
    await new Promise((resolve) => taken.close(resolve));
    assert.equal(await becomesFree(1457), true);
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
