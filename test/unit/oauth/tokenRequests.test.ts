import assert from "node:assert/strict";
import { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { type Scripted, ScriptedHttp } from "../signin/scriptedHttp.ts";

const tokens = { id_token: "id-1", access_token: "access-1", refresh_token: "refresh-1" };
const grant = { code: "code-1", codeVerifier: "verifier-1", redirectUri: "http://localhost:1455/auth/callback" };

function endpoint(answer: Scripted) {
  const http = new ScriptedHttp([answer]);
  return { http, tokens: new TokenEndpoint(http, "https://issuer.test") };
}

describe("A request to the token endpoint", () => {
  it("that redeems a code is a form of five fields", async () => {
    const { http, tokens: asked } = endpoint({ json: tokens });
    const { date: _date, ...got } = await asked.redeemCode(grant);
    assert.deepEqual(got, { idToken: "id-1", accessToken: "access-1", refreshToken: "refresh-1" });
    assert.deepEqual(http.requests, [
      {
        method: "POST",
        url: "https://issuer.test/oauth/token",
        form: {
          grant_type: "authorization_code",
          client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
          code: "code-1",
          redirect_uri: "http://localhost:1455/auth/callback",
          code_verifier: "verifier-1",
        },
      },
    ]);
  });

  it("that refreshes is JSON of three fields, without a scope", async () => {
    const { http, tokens: asked } = endpoint({ json: { access_token: "access-2" } });
    assert.deepEqual((await asked.refresh("refresh-1")).tokens, { accessToken: "access-2" });
    assert.deepEqual(http.requests, [
      {
        method: "POST",
        url: "https://issuer.test/oauth/token",
        json: {
          client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
          grant_type: "refresh_token",
          refresh_token: "refresh-1",
        },
      },
    ]);
  });

  it("for an API key is a form with the fields of the issuer", async () => {
    const { http, tokens: asked } = endpoint({ json: { access_token: "sk-derived-1" } });
    assert.equal(await asked.exchangeForApiKey("id-1", "a name"), "sk-derived-1");
    assert.deepEqual(http.requests, [
      {
        method: "POST",
        url: "https://issuer.test/oauth/token",
        form: {
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
          requested_token: "openai-api-key",
          subject_token: "id-1",
          subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
          name: "a name",
        },
      },
    ]);
  });

  for (const name of ["id_token", "access_token", "refresh_token"] as const) {
    for (const value of [undefined, "", 7, null]) {
      it(`has no answer when ${name} is ${JSON.stringify(value)}`, async () => {
        const { tokens: asked } = endpoint({ json: { ...tokens, [name]: value } });
        await assert.rejects(asked.redeemCode(grant), (error) => isProblem(error, "unreadableAnswer"));
      });
    }
  }

  it("that is refused has its status and code in the detail, and not the service's message", async () => {
    const error = { code: "invalid_grant", message: "canary text of the service" };
    const { tokens: asked } = endpoint({ status: 400, json: { error } });
    await assert.rejects(asked.redeemCode(grant), (problem) => {
      assert.ok(isProblem(problem, "exchangeRefused"));
      assert.equal(problem.detail, "400 invalid_grant");
      assert.doesNotMatch(problem.message, /canary/);
      return true;
    });
  });
});
