import assert from "node:assert/strict";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { exchangeForKey, get, postJson } from "./calls.ts";

describe("test issuer: derived keys, models, credits", () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startIssuer();
  });
  afterEach(() => issuer.close());

  const models = (key: string) => get(`${issuer.apiBaseUrl}/models`, { authorization: `Bearer ${key}` });
  const redeem = (idToken: string) => postJson(`${issuer.apiBaseUrl}/billing/redeem_credits`, { id_token: idToken });

  it("derives a key where the account has an organization", async () => {
    const { id_token } = await signInByHttp(issuer.origin, "plus@example.com");
    const { status, body } = await exchangeForKey(issuer.origin, id_token);
    assert.equal(status, 200);
    assert.match(body.access_token, /^sk-/);
    const [record] = issuer.recordsOf("tokenExchange");
    assert.deepEqual([record?.name, record?.outcome, record?.account], ["a name", "issued", "plus"]);
    assert.ok(issuer.secrets().some(({ kind, value }) => kind === "derived_key" && value === body.access_token));
    const list = await models(body.access_token);
    assert.equal(list.status, 200);
    assert.equal(list.body.object, "list");
    assert.ok(list.body.data.length > 0);
  });

  it("refuses a key where it has none", async () => {
    const { id_token } = await signInByHttp(issuer.origin, "free@example.com");
    const { status, body } = await exchangeForKey(issuer.origin, id_token);
    assert.equal(status, 401);
    assert.equal(body.error.code, "invalid_subject_token");
    assert.equal(body.error.message, "Invalid ID token: missing organization_id");
    assert.equal(issuer.recordsOf("tokenExchange")[0]?.outcome, "invalid_subject_token");
  });

  it("refuses an id_token that is forged, of another kind, or expired", async () => {
    const { id_token, access_token } = await signInByHttp(issuer.origin, "plus@example.com");
    const forged = id_token.replace(/[^.]{10}$/, "AAAAAAAAAA");
    for (const token of [forged, access_token, "not-a-token"]) {
      const { status, body } = await exchangeForKey(issuer.origin, token);
      assert.deepEqual([status, body.error.code], [401, "invalid_subject_token"]);
    }
    issuer.setClockSkew(3700);
    assert.equal((await exchangeForKey(issuer.origin, id_token)).status, 401);
    issuer.setClockSkew(0);
    assert.equal((await exchangeForKey(issuer.origin, id_token)).status, 200);
  });

  it("lists models for an own key, and for no other", async () => {
    const { id_token } = await signInByHttp(issuer.origin, "plus@example.com");
    const { body } = await exchangeForKey(issuer.origin, id_token);
    assert.equal((await models("sk-test-own-key-000000000000000000000000")).status, 200);
    const unknown = await models("sk-unknown-key-1234567890");
    assert.deepEqual([unknown.status, unknown.body.error.code], [401, "invalid_api_key"]);
    issuer.revokeDerivedKeys("plus");
    assert.equal((await models(body.access_token)).status, 401);
    assert.equal((await get(`${issuer.apiBaseUrl}/models`)).status, 401);
    assert.deepEqual(
      issuer.recordsOf("models").map(({ credential }) => credential),
      ["own key", "unknown", "revoked key", "none"],
    );
  });

  it("grants credits once an account", async () => {
    const { id_token } = await signInByHttp(issuer.origin, "plus@example.com");
    assert.deepEqual((await redeem(id_token)).body, { granted_chatgpt_subscriber_api_credits: 5 });
    assert.deepEqual((await redeem(id_token)).body, { granted_chatgpt_subscriber_api_credits: 0 });
    assert.equal((await redeem("forged")).status, 401);
    assert.deepEqual(
      issuer.recordsOf("redeemCredits").map(({ granted, outcome }) => [granted, outcome]),
      [
        [5, "granted"],
        [0, "granted"],
        [0, "refused"],
      ],
    );
  });
});
