import assert from "node:assert/strict";
import { checkApiKey } from "../../../src/openai/apiKeyCheck.ts";
import { createHttpClient, type HttpResponse } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";

const http = createHttpClient(() => "chatgpt_sign_in/test", "chatgpt_sign_in");

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

  it("waits 15 s for an answer", async () => {
    const scripted = new ScriptedHttp([{ json: { data: [] } }]);
    await checkApiKey(scripted, "https://api.test/v1", "sk-test");
    assert.deepEqual(
      scripted.requests.map(({ url, timeoutMs }) => [url, timeoutMs]),
      [["https://api.test/v1/models", 15_000]],
    );
  });

  it("takes only a list of models for a yes", async () => {
    const check = (answer: Partial<HttpResponse>) =>
      checkApiKey(new ScriptedHttp([answer]), "https://api.test/v1", "sk-x");
    await check({ json: { data: [] } });
    const error = (code: string) => ({ json: { error: { code, message: "m", type: "invalid_request_error" } } });
    await assert.rejects(check(error("invalid_api_key")), (failed) => isProblem(failed, "keyRejected"));
    await assert.rejects(check(error("server_error")), (failed) => isProblem(failed, "serviceFailed"));
    for (const json of [{ status: "login required" }, {}, [], null, JSON.parse('{"__proto__":{"data":[]}}')]) {
      await assert.rejects(check({ json }), (failed) => isProblem(failed, "unreadableAnswer"));
    }
  });

  it("takes only the API's own error for a no", async () => {
    const check = (answer: Partial<HttpResponse>) =>
      checkApiKey(new ScriptedHttp([answer]), "https://api.test/v1", "sk-x");
    const own = [
      { error: { message: "Incorrect API key provided", type: "invalid_request_error", code: "invalid_api_key" } },
      { error: { message: "You didn't provide an API key.", type: "invalid_request_error", param: null, code: null } },
      { error: { message: "m", code: "INVALID_API_KEY" } },
      { error: "token_expired" },
    ];
    for (const json of own) {
      await assert.rejects(check({ status: 401, json }), (failed) => isProblem(failed, "keyRejected"));
    }
    const foreign = [
      null,
      [],
      "Unauthorized",
      {},
      { message: "Unauthorized" },
      { error: "Unauthorized" },
      { error: { code: "__proto__" } },
      { detail: "Proxy authentication required" },
      { status: "login required" },
      ...["server_error", "rate_limit_exceeded", "unsupported_country_region_territory"].map((code) => ({
        error: { message: "m", type: "t", param: null, code },
      })),
    ];
    for (const json of foreign) {
      const isOther = (failed: unknown) => isProblem(failed) && !isProblem(failed, "keyRejected");
      await assert.rejects(check({ status: 401, json }), isOther, JSON.stringify(json));
    }
    for (const status of [403, 500, 502, 503]) {
      const isOther = (failed: unknown) => isProblem(failed) && !isProblem(failed, "keyRejected");
      await assert.rejects(check({ status, json: own[0] }), isOther, `${status}`);
    }
  });

  it("is not accepted by a list with an error in it", async () => {
    for (const error of ["Something went wrong", { message: "m" }, { code: "server_error" }]) {
      const http = new ScriptedHttp([{ json: { data: [], error } }]);
      await assert.rejects(checkApiKey(http, "https://api.test/v1", "sk-x"), (failed) => isProblem(failed));
    }
  });

  it("does not take a captive portal's page for a yes", async () => {
    issuer.faults.set("models", { kind: "html" });
    const check = checkApiKey(http, issuer.apiBaseUrl, "sk-unknown-key");
    await assert.rejects(check, (error) => isProblem(error, "unreadableAnswer"));
  });
});
