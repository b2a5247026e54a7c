import assert from "node:assert/strict";
import { startIssuer } from "../../issuer/issuer.ts";
import { type IssuedTokens, signInByHttp } from "../../issuer/login.ts";
import { MemoryStore } from "../../issuer/memoryStore.ts";
import { clientId, type TestIssuer } from "../../issuer/types.ts";
import { type Answer, postForm, postJson, refresh } from "./calls.ts";

function assertRefused(answer: Answer, code: string): void {
  assert.equal(answer.status, 401);
  assert.equal(answer.body.error.code, code);
  assert.equal(typeof answer.body.error.message, "string");
  assert.equal(typeof answer.body.error.type, "string");
}

describe("test issuer: refresh and revocation", () => {
  let issuer: TestIssuer;
  let tokens: IssuedTokens;
  beforeEach(async () => {
    issuer = await startIssuer();
    tokens = await signInByHttp(issuer.origin, "plus@example.com");
  });
  afterEach(() => issuer.close());

  const revoke = (body: Record<string, string>) => postJson(`${issuer.origin}/oauth/revoke`, body);

  it("issues a new refresh token, for a JSON body and for a form", async () => {
    const first = await refresh(issuer.origin, tokens.refresh_token);
    assert.equal(first.status, 200);
    assert.notEqual(first.body.refresh_token, tokens.refresh_token);
    const second = await postForm(`${issuer.origin}/oauth/token`, {
      client_id: clientId,
      grant_type: "refresh_token",
      refresh_token: first.body.refresh_token,
    });
    assert.equal(second.status, 200);
    const records = issuer.recordsOf("refresh");
    assert.deepEqual(
      records.map(({ contentType, outcome, account }) => [contentType, outcome, account]),
      [
        ["application/json", "rotated", "plus"],
        ["application/x-www-form-urlencoded", "rotated", "plus"],
      ],
    );
    assert.equal(records[0]?.originator, "test_originator");
  });

  it("notices reuse and ends the grant", async () => {
    const next = await refresh(issuer.origin, tokens.refresh_token);
    assertRefused(await refresh(issuer.origin, tokens.refresh_token), "refresh_token_reused");
    assertRefused(await refresh(issuer.origin, next.body.refresh_token), "refresh_token_invalidated");
    assertRefused(await refresh(issuer.origin, tokens.refresh_token), "refresh_token_reused");
    assert.equal(issuer.recordsOf("reuseDetected").length, 2);
    assert.equal(issuer.recordsOf("reuseDetected")[0]?.account, "plus");
  });

  it("answers only one of many simultaneous refreshes with the same token", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(issuer.origin, tokens.refresh_token)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(issuer.recordsOf("reuseDetected").length, 19);
  });

  it("forgets no refresh token, however many were issued", async () => {
    const adapter = new MemoryStore().adapter("RefreshToken");
    for (let token = 0; token < 10_000; token += 1) await adapter.upsert(String(token), { grantId: "grant" });
    assert.deepEqual(await adapter.find("0"), { grantId: "grant" });
  });

  it("tells expired, invalidated and unknown refresh tokens apart", async () => {
    const other = await signInByHttp(issuer.origin, "free@example.com");
    issuer.revokeAll("free");
    assertRefused(await refresh(issuer.origin, other.refresh_token), "refresh_token_invalidated");
    issuer.expireRefreshTokens();
    assertRefused(await refresh(issuer.origin, tokens.refresh_token), "refresh_token_expired");
    assertRefused(await refresh(issuer.origin, "rt.never-issued"), "invalid_refresh_token");
    const later = await signInByHttp(issuer.origin, "plus@example.com");
    assert.equal((await refresh(issuer.origin, later.refresh_token)).status, 200);
  });

  it("can leave fields out of the answer, and then keeps the refresh token", async () => {
    issuer.omitFromRefresh(["refresh_token", "id_token"]);
    const { body } = await refresh(issuer.origin, tokens.refresh_token);
    assert.equal(body.refresh_token, undefined);
    assert.equal(body.id_token, undefined);
    assert.equal(typeof body.access_token, "string");
    assert.equal(issuer.recordsOf("refresh")[0]?.outcome, "refreshed");
    issuer.omitFromRefresh([]);
    assert.equal((await refresh(issuer.origin, tokens.refresh_token)).body.refresh_token.startsWith("rt."), true);
  });

  it("revokes a refresh token and with it the sign-in, but no other", async () => {
    const other = await signInByHttp(issuer.origin, "plus@example.com");
    const answer = await revoke({
      token: tokens.refresh_token,
      token_type_hint: "refresh_token",
      client_id: clientId,
    });
    assert.equal(answer.status, 200);
    assertRefused(await refresh(issuer.origin, tokens.refresh_token), "refresh_token_invalidated");
    assert.equal((await refresh(issuer.origin, other.refresh_token)).status, 200);
    const { hint, token, found, account, contentType } = issuer.recordsOf("revoke")[0] ?? {};
    assert.deepEqual(
      { hint, token, found, account, contentType },
      { hint: "refresh_token", token: "refresh_token", found: true, account: "plus", contentType: "application/json" },
    );
  });

  it("revokes an access token, and accepts an unknown one", async () => {
    assert.equal((await revoke({ token: tokens.access_token, token_type_hint: "access_token" })).status, 200);
    assert.equal((await revoke({ token: "rt.unknown-token", client_id: clientId })).status, 200);
    assert.deepEqual(
      issuer.recordsOf("revoke").map(({ token, found, clientIdSent }) => [token, found, clientIdSent]),
      [
        ["access_token", true, false],
        ["unknown", false, true],
      ],
    );
  });

  it("has the current claims of the account", async () => {
    issuer.setAccount("plus", { plan: "pro", chatgptAccountId: "another-workspace" });
    const { body } = await refresh(issuer.origin, tokens.refresh_token);
    const claims = JSON.parse(Buffer.from(body.id_token.split(".")[1], "base64url").toString());
    assert.equal(claims["https://api.openai.com/auth"].chatgpt_account_id, "another-workspace");
  });
});
