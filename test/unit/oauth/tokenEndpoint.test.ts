import assert from "node:assert/strict";
import { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";
import { openAiError, refreshed } from "./tokenAnswers.ts";

describe("A code that is not redeemed", () => {
  const answers: readonly [Partial<HttpResponse>, ProblemCode][] = [
    [{ status: 400, json: { error: "invalid_grant" } }, "exchangeRefused"],
    [{ status: 400 }, "unreadableAnswer"],
    [{ status: 401 }, "unreadableAnswer"],
    [{ status: 401, json: { message: "Unauthorized" } }, "unreadableAnswer"],
    [{ status: 401, json: { error: { code: "Unauthorized", message: "Access denied" } } }, "unreadableAnswer"],
    [{ status: 401, json: openAiError("__proto__") }, "exchangeRefused"],
    [{ status: 401, json: { error: "invalid_client" } }, "exchangeRefused"],
    [{ status: 302, json: {} }, "unreadableAnswer"],
    [{ status: 403, json: openAiError("unsupported_country_region_territory") }, "regionBlocked"],
    [{ status: 403 }, "edgeBlocked"],
    [{ status: 407, json: {} }, "proxyFailed"],
    [{ status: 429, json: openAiError("__proto__") }, "rateLimited"],
    [{ status: 400, json: { error: "temporarily_unavailable" } }, "serviceFailed"],
    [{ status: 401, json: openAiError("server_error") }, "serviceFailed"],
    [{ status: 200, json: { error: "server_error" } }, "serviceFailed"],
    [{ status: 400, json: openAiError("rate_limit_exceeded") }, "rateLimited"],
    [{ status: 400, json: openAiError("unsupported_country_region_territory") }, "regionBlocked"],
    [{ status: 500, json: { error: "invalid_grant" } }, "serviceFailed"],
    [{ status: 503, json: openAiError("rate_limit_exceeded") }, "serviceFailed"],
    [{ status: 503, json: openAiError("unsupported_country_region_territory") }, "serviceFailed"],
    [{ status: 302, json: openAiError("rate_limit_exceeded") }, "unreadableAnswer"],
    [{ status: 302, json: openAiError("server_error") }, "unreadableAnswer"],
    [{ status: 511, json: {} }, "networkSignIn"],
  ];
  for (const [answer, code] of answers) {
    it(`is ${code} after ${JSON.stringify(answer)}`, async () => {
      const endpoint = new TokenEndpoint(new ScriptedHttp([answer]), "https://i");
      await assert.rejects(endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }), (error) =>
        isProblem(error, code),
      );
    });
  }

  it("names the request id, if it is valid", async () => {
    for (const [id, named] of [
      ["req_1-a", true],
      ["a b", false],
      ["x".repeat(65), false],
      ["", false],
    ] as const) {
      const answer = { status: 400, json: { error: "invalid_grant" }, headers: { "x-request-id": id } };
      const endpoint = new TokenEndpoint(new ScriptedHttp([answer]), "https://i");
      await assert.rejects(
        endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }),
        (error) => isProblem(error) && error.detail === `400 invalid_grant${named ? ` request ${id}` : ""}`,
      );
    }
  });
});

describe("A refused API key", () => {
  const asked = (json: unknown, status = 401) =>
    new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://i").exchangeForApiKey("id", "name");

  it("is a refusal of the issuer, not of a gateway or proxy", async () => {
    for (const code of ["invalid_subject_token", "no_valid_organizations"]) {
      for (const json of [openAiError(code), { error: { code, message: "m" } }, { error: code }]) {
        await assert.rejects(asked(json), (error) => isProblem(error, "exchangeRefused"), code);
      }
    }
    await assert.rejects(asked(openAiError("something_new")), (error) => isProblem(error, "exchangeRefused"));
    const foreign = [{}, [], { message: "Unauthorized" }, { error: "Unauthorized" }, { status: "login required" }];
    for (const json of foreign) {
      for (const status of [200, 401, 403]) {
        const told = `${status} ${JSON.stringify(json)}`;
        await assert.rejects(asked(json, status), (error) => isProblem(error, "unreadableAnswer"), told);
      }
    }
    await assert.rejects(asked({ error: "access_denied" }, 403), (error) => isProblem(error, "exchangeRefused"));
  });
});

describe("An answer of the token endpoint with status 200", () => {
  const refusals: readonly [unknown, ProblemCode][] = [
    [openAiError("server_error"), "serviceFailed"],
    [openAiError("refresh_token_reused"), "serviceFailed"],
    [{ error: "invalid_grant" }, "serviceFailed"],
    [openAiError("__proto__"), "serviceFailed"],
    [openAiError("unsupported_country_region_territory"), "regionBlocked"],
    [openAiError("rate_limit_exceeded"), "rateLimited"],
    [{ status: "login required" }, "unreadableAnswer"],
    [{ id_token: null, access_token: null, refresh_token: null }, "unreadableAnswer"],
    [{}, "unreadableAnswer"],
    [[], "unreadableAnswer"],
    [undefined, "unreadableAnswer"],
    [{ access_token: 42 }, "unreadableAnswer"],
    [JSON.parse('{"__proto__":{"access_token":"t"}}'), "unreadableAnswer"],
  ];
  for (const [json, code] of refusals) {
    it(`is no refresh when it is ${JSON.stringify(json)}`, async () => assert.equal(await refreshed(200, json), code));
  }

  it("is no refresh without an access token or with an error, but its refresh token is kept", async () => {
    const error = { message: "m", type: "server_error", param: null, code: null };
    for (const [json, code] of [
      [{ refresh_token: "rt.2" }, "unreadableAnswer"],
      [{ refresh_token: "rt.2", access_token: null }, "unreadableAnswer"],
      [{ refresh_token: "rt.2", access_token: "a", error: "odd" }, "serviceFailed"],
      [{ refresh_token: "rt.2", access_token: "a", error }, "serviceFailed"],
      [{ refresh_token: "rt.2", error: { message: "m" } }, "unreadableAnswer"],
    ] as const) {
      const endpoint = new TokenEndpoint(new ScriptedHttp([{ json }]), "https://issuer.test");
      const { tokens, failure } = await endpoint.refresh("rt.1");
      assert.deepEqual([tokens, failure?.code], [{ refreshToken: "rt.2" }, code], JSON.stringify(json));
    }
    for (const json of [{ id_token: "i" }, { access_token: "a", error }, { access_token: "", id_token: "i" }]) {
      assert.equal(typeof (await refreshed(200, json)), "string", JSON.stringify(json));
    }
    const endpoint = new TokenEndpoint(new ScriptedHttp([{ json: { access_token: "a" } }]), "https://issuer.test");
    assert.equal((await endpoint.refresh("rt.1")).failure, undefined);
  });

  it("keeps what can be used of it, whatever else it has", async () => {
    const json = { refresh_token: "rt.2", error: "odd" };
    assert.deepEqual(await refreshed(200, json), { refreshToken: "rt.2" });
    assert.deepEqual(await refreshed(200, { access_token: "a", id_token: null }), { accessToken: "a" });
    for (const odd of [42, "", {}, ["a"], true, "a\nb", "ü", " ", "x".repeat(70_000)]) {
      const answer = { access_token: odd, id_token: odd, refresh_token: "rt.2" };
      assert.deepEqual(await refreshed(200, answer), { refreshToken: "rt.2" }, JSON.stringify(odd).slice(0, 20));
    }
    assert.deepEqual(await refreshed(200, { access_token: "a", refresh_token: 7 }), { accessToken: "a" });
  });

  it("is the only one that has a result, whatever the body of another", async () => {
    const json = { id_token: "i", access_token: "a", refresh_token: "r" };
    for (const status of [201, 204, 302, 400, 401, 500]) {
      const endpoint = new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://i");
      await assert.rejects(endpoint.exchangeForApiKey("id", "name"), (error) => isProblem(error), `${status}`);
      await assert.rejects(endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }), (error) =>
        isProblem(error),
      );
      await assert.rejects(endpoint.refresh("rt.1"), (error) => isProblem(error));
    }
  });

  it("redeems no code and has no API key when it is an error", async () => {
    const endpoint = new TokenEndpoint(new ScriptedHttp([{ json: openAiError("invalid_subject_token") }]), "https://i");
    const refused = (error: unknown) =>
      isProblem(error, "exchangeRefused") && /invalid_subject/.test(error.detail ?? "");
    await assert.rejects(endpoint.exchangeForApiKey("id", "name"), refused);
    await assert.rejects(endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }), refused);
  });
});
