import assert from "node:assert/strict";
import { checkApiKey } from "../../../src/openai/apiKeyCheck.ts";
import { isEligibleForCredits, redeemCredits } from "../../../src/openai/credits.ts";
import { createHttpClient } from "../../../src/platform/httpClient.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/platform/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { browseAs, createRooms } from "../../support/rooms.ts";

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
