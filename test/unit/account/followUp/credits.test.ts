import assert from "node:assert/strict";
import fc from "fast-check";
import { accountBinding } from "../../../../src/account/endpoints.ts";
import { isEligibleForCredits, redeemCredits } from "../../../../src/account/followUp/credits.ts";
import type { Account } from "../../../../src/account/state.ts";
import { createHttpClient, type HttpResponse } from "../../../../src/platform/httpClient.ts";
import { createLogger } from "../../../../src/platform/logger.ts";
import { isProblem } from "../../../../src/shared/problem.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
import { signInByHttp } from "../../../issuer/login.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { browseAs, createServices, type TestServices } from "../../../support/services.ts";
import { ScriptedHttp } from "../../signin/scriptedHttp.ts";

const http = createHttpClient(() => "chatgpt_sign_in/test", "chatgpt_sign_in");

function logOf(lines: string[]) {
  const write = (line: string) => lines.push(line);
  return createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
}

const hour = 3_600_000;

describe("The plan's API credits", () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  afterEach(() => issuer.faults.clear());

  it("are for Plus and Pro whose organization is set up", async () => {
    for (const [email, eligible] of [
      ["plus@example.com", true],
      ["free@example.com", false],
      ["team@example.com", false],
      ["owner@example.com", false],
    ] as const) {
      const services = await createServices({ issuer: issuer.issuer, openExternal: browseAs(email) });
      await services.signIn.run();
      const { active } = services.accounts.state;
      assert.ok(active);
      assert.equal(isEligibleForCredits(active), eligible, email);
      await services.dispose();
    }
  });

  it("are granted once, and the log says how much", async () => {
    const { id_token: idToken } = await signInByHttp(issuer.issuer, "plus@example.com");
    const lines: string[] = [];
    assert.equal(await redeemCredits(http, issuer.apiBaseUrl, "plus", idToken, logOf(lines)), true);
    assert.equal(await redeemCredits(http, issuer.apiBaseUrl, "plus", idToken, logOf(lines)), true);
    assert.deepEqual(lines, ["The plan's API credits ($5) were granted.", "No API credits were granted (status 200)."]);
  });

  it("are ten times as much for Pro", async () => {
    const lines: string[] = [];
    const granting = new ScriptedHttp([{ json: { granted_chatgpt_subscriber_api_credits: 50 } }]);
    assert.equal(await redeemCredits(granting, "https://api.test/v1", "pro", "id-1", logOf(lines)), true);
    assert.deepEqual(lines, ["The plan's API credits ($50) were granted."]);
    assert.deepEqual(granting.requests, [
      { method: "POST", url: "https://api.test/v1/billing/redeem_credits", json: { id_token: "id-1" } },
    ]);
  });

  it("are not for an account whose token names no plan", async () => {
    issuer.setAccount("plus", { authClaims: { chatgpt_plan_type: null } });
    const services = await createServices({ issuer: issuer.issuer });
    try {
      await services.signIn.run();
      const { active } = services.accounts.state;
      assert.ok(active);
      assert.deepEqual([active.plan, isEligibleForCredits(active)], [undefined, false]);
    } finally {
      issuer.setAccount("plus", { authClaims: {} });
      await services.dispose();
    }
  });

  describe("of an account", () => {
    let clock: ManualClock;
    let services: TestServices;
    let wanted: boolean;

    beforeEach(async () => {
      clock = new ManualClock();
      wanted = true;
      const account = { apiBaseUrl: () => issuer.apiBaseUrl, redeemCredits: () => wanted };
      services = await createServices({ issuer: issuer.issuer, clock, account });
      await services.signIn.run();
      await services.endpoints.grant(accountBinding(issuer.issuer), [issuer.apiBaseUrl]);
    });
    afterEach(() => services.dispose());

    const asked = () => issuer.recordsOf("redeemCredits").length;
    const ask = () => services.credits.ask(services.accounts.state.active?.id ?? "");

    it("are asked for once", async () => {
      const before = asked();
      await ask();
      await ask();
      // Not after a day either, when they would be asked for again if they had failed.
      clock.jump(48 * hour);
      await ask();
      assert.equal(asked(), before + 1);
      assert.ok(services.accounts.entry()?.credential.creditsAskedAt);
    });

    /** Another window of the same person, in which the same is allowed. */
    async function openWindow() {
      const window = await createServices({
        ...{ issuer: issuer.issuer, clock, secrets: services.secrets, directory: services.directory },
        account: { apiBaseUrl: () => issuer.apiBaseUrl, redeemCredits: () => true },
      });
      await window.endpoints.grant(accountBinding(issuer.issuer), [issuer.apiBaseUrl]);
      await window.accounts.load();
      return window;
    }

    it("are asked for again a day after the service could not answer, and no earlier, in whatever window", async () => {
      issuer.faults.set("redeem", { kind: "serverError" });
      const faults = () => issuer.recordsOf("fault").length;
      const [before, start] = [asked(), faults()];
      await ask();
      assert.equal(services.accounts.entry()?.credential.creditsAskedAt, undefined);
      await ask();
      for (let count = 0; count < 3; count += 1) {
        const window = await openWindow();
        await window.credits.ask(window.accounts.state.active?.id ?? "");
        clock.jump(6 * hour);
        await window.dispose();
      }
      assert.deepEqual([asked() - before, faults() - start], [0, 1]);
      issuer.faults.clear();
      clock.jump(6 * hour);
      await ask();
      assert.equal(asked(), before + 1);
    });

    it("are asked for by one of the windows that open together", async () => {
      issuer.faults.set("redeem", { kind: "serverError" });
      const start = issuer.recordsOf("fault").length;
      const windows = await Promise.all([1, 2, 3, 4].map(openWindow));
      await Promise.all(windows.map((window) => window.credits.ask(window.accounts.state.active?.id ?? "")));
      assert.equal(issuer.recordsOf("fault").length - start, 1);
      await Promise.all(windows.map((window) => window.dispose()));
    });

    it("are not put off for longer by a clock that was wrong and is put right", async () => {
      issuer.faults.set("redeem", { kind: "serverError", times: 1 });
      const before = asked();
      clock.setWall(365 * 24 * hour);
      await ask();
      clock.setWall(-365 * 24 * hour);
      await ask();
      assert.equal(asked(), before + 1);
    });

    it("are asked for by nobody who cannot record that", async () => {
      services.accounts.update = () => Promise.reject(new Error("locked"));
      const before = asked();
      await assert.rejects(ask());
      assert.equal(asked(), before);
    });

    it("are not asked for when the person does not want it", async () => {
      wanted = false;
      const before = asked();
      await ask();
      assert.equal(asked(), before);
    });

    it("are not asked for with the Codex CLI's login, whose credits are its own", async () => {
      const id = services.accounts.state.active?.id ?? "";
      await services.accounts.update(id, (credential) => ({ ...credential, origin: "copied" }) as typeof credential);
      const before = asked();
      await ask();
      assert.equal(asked(), before);
    });

    it("are not asked for at an address that the person has not allowed", async () => {
      services.endpoints.forget(accountBinding(issuer.issuer));
      const before = asked();
      await assert.rejects(ask(), (error) => isProblem(error, "endpointNotAllowed"));
      assert.equal(asked(), before);
      assert.equal(services.accounts.entry()?.credential.creditsTriedAt, undefined, "another window may ask");
    });

    it("are asked for with a refreshed id_token when the old one has expired", async () => {
      clock.jump(3_660_000);
      const before = issuer.recordsOf("refresh").length;
      await ask();
      assert.equal(issuer.recordsOf("refresh").length, before + 1);
      assert.equal(issuer.recordsOf("redeemCredits").at(-1)?.outcome, "granted");
    });
  });

  const account = (plan: string) => ({ plan, needsPlatformSetup: false }) as Account;
  const outcomeOf = async (answer: Partial<HttpResponse>, plan = "plus") => {
    const lines: string[] = [];
    const answered = await redeemCredits(new ScriptedHttp([answer]), "https://api.test/v1", plan, "any", logOf(lines));
    return { answered, line: lines.join() };
  };

  it("are for no plan that is only a name of every object", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)), fc.string()),
        async (plan) => {
          assert.equal(isEligibleForCredits(account(plan)), plan === "plus" || plan === "pro");
          const { line } = await outcomeOf({ json: { granted_chatgpt_subscriber_api_credits: 1 } }, plan);
          assert.doesNotMatch(line, /function|object/);
        },
      ),
    ));

  it("may be asked for again after an answer that is not the service's", async () => {
    const answers: readonly Partial<HttpResponse>[] = [
      { status: 200 },
      { status: 200, json: { error: { code: "server_error", message: "m", type: "t" } } },
      { status: 200, json: { error: { message: "The server had an error" } } },
      { status: 200, json: { error: "Something went wrong" } },
      {
        status: 200,
        json: { granted_chatgpt_subscriber_api_credits: 0, error: { code: 500, message: "Something went wrong" } },
      },
      { status: 200, json: { status: "login required" } },
      { status: 200, json: { message: "Welcome to the hotel network", code: 0 } },
      { status: 200, json: [] },
      { status: 200, json: null },
      { status: 302 },
      { status: 401, json: { message: "Unauthorized" } },
      { status: 403 },
      { status: 503, json: { error: { code: "__proto__" } } },
    ];
    for (const answer of answers) assert.equal((await outcomeOf(answer)).answered, false, JSON.stringify(answer));
    const error = { message: "The ID token is invalid.", type: "invalid_request_error", code: "invalid_id_token" };
    for (const status of [408, 409, 425, 429, 500, 502, 503, 504]) {
      assert.equal((await outcomeOf({ status, json: { error } })).answered, false, `${status}`);
    }
    for (const code of ["server_error", "temporarily_unavailable", "rate_limit_exceeded"]) {
      assert.equal((await outcomeOf({ status: 400, json: { error: { ...error, code } } })).answered, false, code);
    }
    assert.equal((await outcomeOf({ status: 401, json: { error } })).answered, true);
    for (const json of [{}, { granted_chatgpt_subscriber_api_credits: 0, more: "words" }]) {
      assert.equal((await outcomeOf({ status: 200, json })).answered, true);
    }
  });

  for (const fault of [{ kind: "serverError" }, { kind: "closeBefore" }, { kind: "status", status: 429 }] as const) {
    it(`may be asked for again after ${JSON.stringify(fault)}, and nothing is thrown`, async () => {
      issuer.faults.set("redeem", fault);
      assert.equal(await redeemCredits(http, issuer.apiBaseUrl, "plus", "any", logOf([])), false);
    });
  }
});
