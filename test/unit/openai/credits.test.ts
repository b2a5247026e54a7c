import assert from "node:assert/strict";
import { checkApiKey } from "../../../src/openai/apiKeyCheck.ts";
import { CreditRedeemer, isEligibleForCredits, redeemCredits } from "../../../src/openai/credits.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { createHttpClient } from "../../../src/platform/httpClient.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/platform/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { browseAs, createRooms, type TestRooms } from "../../support/rooms.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";

const http = createHttpClient(() => "chatgpt_sign_in/test", "chatgpt_sign_in");

function logOf(lines: string[]) {
  const write = (line: string) => lines.push(line);
  return createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
}

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
      const rooms = await createRooms({ issuer: issuer.issuer, openExternal: browseAs(email) });
      await rooms.signIn.run();
      const { active } = rooms.accounts.state;
      assert.ok(active);
      assert.equal(isEligibleForCredits(active), eligible, email);
      await rooms.dispose();
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
    const rooms = await createRooms({ issuer: issuer.issuer });
    try {
      await rooms.signIn.run();
      const { active } = rooms.accounts.state;
      assert.ok(active);
      assert.deepEqual([active.plan, isEligibleForCredits(active)], [undefined, false]);
    } finally {
      issuer.setAccount("plus", { authClaims: {} });
      await rooms.dispose();
    }
  });

  describe("of an account", () => {
    let rooms: TestRooms;
    let wanted: boolean;
    let credits: CreditRedeemer;

    beforeEach(async () => {
      rooms = await createRooms({ issuer: issuer.issuer, openExternal: browseAs("plus@example.com") });
      wanted = true;
      credits = new CreditRedeemer({
        ...rooms,
        clock: systemClock,
        apiBaseUrl: () => issuer.apiBaseUrl,
        isWanted: () => wanted,
      });
      await rooms.signIn.run();
    });
    afterEach(async () => {
      issuer.setLifetimes({ idToken: 3600 });
      await rooms.dispose();
    });

    const asked = () => issuer.recordsOf("redeemCredits").length;
    const ask = () => credits.ask(rooms.accounts.state.active?.id ?? "");

    it("are asked for once", async () => {
      const before = asked();
      await ask();
      await ask();
      assert.equal(asked(), before + 1);
      assert.ok(rooms.accounts.entry()?.credential.creditsAskedAt);
    });

    it("are asked for again when the service could not answer", async () => {
      issuer.faults.set("redeem", { kind: "serverError", times: 1 });
      const before = asked();
      await ask();
      assert.equal(rooms.accounts.entry()?.credential.creditsAskedAt, undefined);
      await ask();
      assert.equal(asked(), before + 1);
    });

    it("are not asked for when the person does not want it", async () => {
      wanted = false;
      const before = asked();
      await ask();
      assert.equal(asked(), before);
    });

    it("are asked for with a renewed id_token when the old one has expired", async () => {
      issuer.setLifetimes({ idToken: 1 });
      await rooms.signIn.run();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      issuer.setLifetimes({ idToken: 3600 });
      const before = issuer.recordsOf("refresh").length;
      await ask();
      assert.equal(issuer.recordsOf("refresh").length, before + 1);
      assert.equal(issuer.recordsOf("redeemCredits").at(-1)?.outcome, "granted");
    });
  });

  for (const fault of [{ kind: "serverError" }, { kind: "closeBefore" }, { kind: "status", status: 429 }] as const) {
    it(`may be asked for again after ${JSON.stringify(fault)}, and nothing is thrown`, async () => {
      issuer.faults.set("redeem", fault);
      assert.equal(await redeemCredits(http, issuer.apiBaseUrl, "plus", "any", logOf([])), false);
    });
  }
});

describe("The check of an API key", () => {
  let issuer: TestIssuer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  afterEach(() => issuer.faults.clear());

  it("accepts a key that the API accepts", () =>
    checkApiKey(http, issuer.apiBaseUrl, "sk-test-own-key-000000000000000000000000"));

  it("rejects one that it does not", () =>
    assert.rejects(checkApiKey(http, issuer.apiBaseUrl, "sk-unknown-key"), (error) => isProblem(error, "keyRejected")));

  for (const [fault, code] of [
    [{ kind: "serverError" }, "serviceFailed"],
    [{ kind: "edgePage" }, "edgeBlocked"],
    [{ kind: "region" }, "regionBlocked"],
    [{ kind: "closeBefore" }, "answerLost"],
    [{ kind: "redirect" }, "unreadableAnswer"],
  ] as const) {
    it(`cannot say when the API answers with ${fault.kind}`, async () => {
      issuer.faults.set("models", fault);
      const check = checkApiKey(http, issuer.apiBaseUrl, "sk-test-own-key-000000000000000000000000");
      await assert.rejects(check, (error) => isProblem(error, code));
    });
  }

  it("does not take a captive portal's page for a yes", async () => {
    issuer.faults.set("models", { kind: "html" });
    const check = checkApiKey(http, issuer.apiBaseUrl, "sk-unknown-key");
    await assert.rejects(check, (error) => isProblem(error, "unreadableAnswer"));
  });
});
