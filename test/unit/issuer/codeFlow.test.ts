import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { decodeJwt } from "jose";
import { startIssuer } from "../../issuer/issuer.ts";
import { authorizationRequest, CookieJar, loginByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { get, logIn, redeemCode, refresh } from "./calls.ts";

const auth = "https://api.openai.com/auth";

describe("test issuer: authorization code flow", () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startIssuer();
  });
  afterEach(() => issuer.close());

  it("signs a person in and issues the tokens of the real service", async () => {
    const request = authorizationRequest(issuer.origin);
    const redirect = await logIn(request);
    assert.equal(redirect.get("state"), request.state);
    assert.equal(redirect.get("iss"), issuer.issuer, "as RFC 9207 wants it");

    const { status, body } = await redeemCode(issuer.origin, redirect.get("code") ?? "", request);
    assert.equal(status, 200);
    assert.match(body.refresh_token, /^rt\./);
    const access = decodeJwt<Record<string, Record<string, unknown>>>(body.access_token);
    assert.equal(Number(access.exp) - Number(access.iat), 864_000);
    assert.equal(access.aud, "https://api.openai.com/v1");
    assert.equal(access[auth]?.chatgpt_plan_type, "plus");
    assert.equal(access["https://api.openai.com/profile"]?.email, "plus@example.com");
    const id = decodeJwt<Record<string, Record<string, unknown>>>(body.id_token);
    assert.equal(Number(id.exp) - Number(id.iat), 3600);
    assert.equal(id.email, "plus@example.com");
    assert.equal(id[auth]?.organization_id, "org-plusExample");
    assert.equal(id[auth]?.completed_platform_onboarding, true);
  });

  it("records its calls and every secret", async () => {
    const request = authorizationRequest(issuer.origin);
    const redirect = await logIn(request);
    const code = redirect.get("code") ?? "";
    const { body } = await redeemCode(issuer.origin, code, request);

    const [authorize] = issuer.recordsOf("authorize");
    assert.equal(authorize?.params.code_challenge_method, "S256");
    assert.equal(
      authorize?.params.code_challenge,
      createHash("sha256").update(request.verifier).digest("base64url"),
      "the challenge is that of the verifier",
    );
    assert.equal(authorize?.params.redirect_uri, request.redirectUri);
    assert.equal(authorize?.params.prompt, undefined, "only what the client sent");
    const [exchange] = issuer.recordsOf("codeExchange");
    assert.equal(exchange?.pkce, true);
    assert.equal(exchange?.outcome, "issued");
    assert.equal(exchange?.contentType, "application/x-www-form-urlencoded");
    assert.equal(exchange?.account, "plus");
    const secrets = issuer.secrets().map(({ value }) => value);
    for (const secret of [
      request.state,
      request.verifier,
      code,
      body.access_token,
      body.refresh_token,
      body.id_token,
    ]) {
      assert.ok(secrets.includes(secret));
    }
  });

  it("requires PKCE, and S256", async () => {
    const without = authorizationRequest(issuer.origin, { code_challenge: null, code_challenge_method: null });
    const plain = authorizationRequest(issuer.origin, { code_challenge_method: "plain" });
    for (const { url } of [without, plain]) {
      const refused = new URL(await loginByHttp(url, "plus@example.com", "password")).searchParams;
      assert.equal(refused.get("error"), "invalid_request");
      assert.equal(refused.get("code"), null);
    }
  });

  it("refuses a wrong verifier", async () => {
    const request = authorizationRequest(issuer.origin);
    const code = (await logIn(request)).get("code") ?? "";
    const { status, body } = await redeemCode(issuer.origin, code, request, "x".repeat(86));
    assert.equal(status, 400);
    assert.equal(body.error, "invalid_grant");
    assert.equal(issuer.recordsOf("codeExchange")[0]?.pkce, false);
  });

  for (const uri of [
    "http://localhost:1456/auth/callback",
    "http://localhost:1455/auth/callback/",
    "http://localhost:1455/callback",
    "https://localhost:1455/auth/callback",
    "http://[::1]:1455/auth/callback",
  ]) {
    it(`does not redirect to ${uri}`, async () => {
      const { status, headers, body } = await get(authorizationRequest(issuer.origin, { redirect_uri: uri }).url);
      assert.equal(status, 400);
      assert.equal(headers.get("location"), null);
      assert.match(body, /invalid_redirect_uri/);
    });
  }

  for (const uri of ["http://localhost:1457/auth/callback", "http://127.0.0.1:1455/auth/callback"]) {
    it(`redirects to ${uri}`, async () => {
      const request = authorizationRequest(issuer.origin, { redirect_uri: uri });
      const location = await loginByHttp(request.url, "plus@example.com", "password");
      assert.ok(location.startsWith(`${uri}?`));
    });
  }

  it("redeems a code once; a second time revokes its tokens", async () => {
    const request = authorizationRequest(issuer.origin);
    const code = (await logIn(request)).get("code") ?? "";
    const first = await redeemCode(issuer.origin, code, request);
    assert.equal(first.status, 200);
    const again = await redeemCode(issuer.origin, code, request);
    assert.equal(again.status, 400);
    assert.equal(again.body.error, "invalid_grant");
    const refused = await refresh(issuer.origin, first.body.refresh_token);
    assert.equal(refused.body.error.code, "refresh_token_invalidated");
  });

  it("issues no refresh token without offline_access", async () => {
    const request = authorizationRequest(issuer.origin, { scope: "openid email" });
    const location = new URL(await loginByHttp(request.url, "plus@example.com", "password"));
    const { body } = await redeemCode(issuer.origin, location.searchParams.get("code") ?? "", request);
    assert.equal(body.refresh_token, undefined);
    assert.equal(typeof body.access_token, "string");
  });

  it("accepts the connector scopes", async () => {
    const scope = "openid profile email offline_access api.connectors.read api.connectors.invoke";
    const request = authorizationRequest(issuer.origin, { scope });
    const { body } = await redeemCode(issuer.origin, (await logIn(request)).get("code") ?? "", request);
    assert.equal(body.scope, scope);
  });

  it("refuses a wrong password", async () => {
    const { url } = authorizationRequest(issuer.origin);
    await assert.rejects(loginByHttp(url, "plus@example.com", "wrong"), /Wrong email or password/);
    assert.equal(issuer.recordsOf("login")[0]?.outcome, "wrong password");
  });

  it("sends access_denied when the person cancels", async () => {
    const request = authorizationRequest(issuer.origin);
    const location = new URL(await loginByHttp(request.url, "", "", { cancel: true }));
    assert.equal(location.searchParams.get("error"), "access_denied");
    assert.equal(location.searchParams.get("state"), request.state);
  });

  it("says when an account lacks the entitlement", async () => {
    issuer.setAccount("free", { entitled: false });
    const redirect = await logIn(authorizationRequest(issuer.origin), "free@example.com");
    assert.equal(redirect.get("error"), "access_denied");
    assert.equal(redirect.get("error_description"), "missing_codex_entitlement");
  });

  it("asks a browser that is signed in to continue, and signs in again", async () => {
    const jar = new CookieJar();
    const codes = new Set<string | null>();
    for (let round = 0; round < 2; round += 1) {
      const request = authorizationRequest(issuer.origin);
      const location = await loginByHttp(request.url, "plus@example.com", "password", {}, jar);
      codes.add(new URL(location).searchParams.get("code"));
    }
    assert.equal(codes.size, 2);
    assert.equal(issuer.recordsOf("login").length, 1);
    assert.equal(issuer.recordsOf("authorized").length, 2);
  });

  it("opens the ChatGPT workspace that was asked for or chosen", async () => {
    issuer.setAccount("plusWork", {
      email: "plus@example.com",
      plan: "business",
      chatgptAccountId: "workspace-2",
      name: "Work",
    });
    const planOf = async (changes: Record<string, string>, workspace?: string) => {
      const request = authorizationRequest(issuer.origin, changes);
      const options = workspace === undefined ? {} : { workspace };
      const location = new URL(await loginByHttp(request.url, "plus@example.com", "password", options));
      const { body } = await redeemCode(issuer.origin, location.searchParams.get("code") ?? "", request);
      return decodeJwt<Record<string, Record<string, unknown>>>(body.id_token)[auth]?.chatgpt_plan_type;
    };
    assert.equal(await planOf({ allowed_workspace_id: "workspace-2,other" }), "business");
    assert.equal(await planOf({}, "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01"), "plus");
    await assert.rejects(planOf({ allowed_workspace_id: "unknown" }), /not in the workspace/);
  });

  it("appends the state suffix that a test asks for", async () => {
    issuer.setStateSuffix(".onboarding_entrypoint=life_sciences");
    const request = authorizationRequest(issuer.origin);
    assert.equal((await logIn(request)).get("state"), `${request.state}.onboarding_entrypoint=life_sciences`);
  });

  it("moves its whole clock", async () => {
    issuer.setClockSkew(3 * 3600);
    const request = authorizationRequest(issuer.origin);
    const { body, headers } = await redeemCode(issuer.origin, (await logIn(request)).get("code") ?? "", request);
    const ahead = Date.now() / 1000 + 3 * 3600;
    const close = (seconds: number, expected: number) => assert.ok(Math.abs(seconds - expected) < 10, String(seconds));
    close(Date.parse(headers.get("date") ?? "") / 1000, ahead);
    for (const [token, lifetime] of [
      [body.access_token, 864_000],
      [body.id_token, 3600],
    ]) {
      const { iat, exp } = decodeJwt(token);
      close(Number(iat), ahead);
      close(Number(exp), ahead + lifetime);
    }
  });

  it("changes claims through setAccount", async () => {
    issuer.setAccount("plus", {
      plan: "pro",
      authClaims: { chatgpt_account_id: null },
      idTokenClaims: { email: null, "https://api.openai.com/profile": { email: "elsewhere@example.com" } },
    });
    const request = authorizationRequest(issuer.origin);
    const { body } = await redeemCode(issuer.origin, (await logIn(request)).get("code") ?? "", request);
    const id = decodeJwt<Record<string, Record<string, unknown>>>(body.id_token);
    assert.equal(id.email, undefined);
    assert.equal(id["https://api.openai.com/profile"]?.email, "elsewhere@example.com");
    assert.equal(id[auth]?.chatgpt_plan_type, "pro");
    assert.equal(id[auth]?.chatgpt_account_id, undefined);
  });
});
