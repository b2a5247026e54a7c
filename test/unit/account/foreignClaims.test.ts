import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import { mergeTokens } from "../../../src/account/mergeTokens.ts";
import { createEntry } from "../../../src/account/state.ts";
import { workspaceHint } from "../../../src/editor/sessions/knownAccounts.ts";
import { readClaims } from "../../../src/oauth/claims.ts";
import { refreshed } from "../oauth/tokenAnswers.ts";

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
const auth = "https://api.openai.com/auth";
const token = (payload: object) => `${encode({ alg: "none" })}.${encode(payload)}.c2ln`;
const naming = (workspace: string) => token({ email: "ada@example.com", [auth]: { chatgpt_account_id: workspace } });
const unusable = ["a\r\nX-Other: 1", "a b", "é", "\u200b", "a\u0000"];

function accountOf(idToken: string) {
  const credential: Credential = {
    ...{ version: 2, id: "0123456789abcdef", origin: "own", issuer: "https://issuer.test" },
    ...{ sequence: 0, signedInAt: 1, receivedAt: 2, clockOffset: 0 },
    tokens: { idToken, accessToken: "a", refreshToken: "r" },
    derivedKey: { status: "absent", why: "pending" },
  };
  return createEntry(credential).account;
}

describe("What a token says about its account", () => {
  it("is shown in one harmless line, and compared as it is", () => {
    const email = "[x](command:y)$(bug)\u202e\nada@example.com\u200b";
    const account = accountOf(token({ email, [auth]: { chatgpt_plan_type: "$(bug) pl\u2066us\n" } }));
    assert.equal(account.email, "xcommandybug ada@example.com");
    assert.equal(account.plan, "bug plus");
    assert.equal(readClaims(token({ email }))?.email, email);
    assert.equal(accountOf(token({ email: "\u200b\u202e" })).email, undefined);
    assert.equal(workspaceHint("acc-$(bug)12"), "bug12");
  });

  it("names its expiry in seconds, or in milliseconds, and any other number is none", () => {
    const expiry = (exp: unknown) => readClaims(token({ exp }))?.expiresAt;
    assert.equal(expiry(1_800_000_000), 1_800_000_000_000);
    assert.equal(expiry(1_800_000_000_000), 1_800_000_000_000);
    for (const exp of [Number.NaN, 1e300, -1, -1_800_000_000, 8.64e15, "1800000000", [1_800_000_000], {}, true, null]) {
      assert.equal(expiry(exp), undefined, String(exp));
    }
    const huge = `${encode({ alg: "none" })}.${Buffer.from('{"exp":1e999,"email":"a@b"}').toString("base64url")}.c2ln`;
    assert.deepEqual([readClaims(huge)?.expiresAt, readClaims(huge)?.email], [undefined, "a@b"]);
  });

  it("tells of a ChatGPT workspace that no header can hold, which is not the same as none", () => {
    for (const workspace of unusable) {
      const claims = readClaims(naming(workspace));
      assert.deepEqual([claims?.workspaceId, claims?.hasUnusableWorkspace], [undefined, true]);
    }
    for (const claims of [readClaims(naming("acc-1")), readClaims(token({}))]) {
      assert.equal(claims?.hasUnusableWorkspace, undefined);
    }
  });

  it("is not believed in a refresh when no header can hold it, and the new refresh token is kept", async () => {
    for (const workspace of unusable) {
      const answer = { id_token: naming(workspace), access_token: naming("acc-1"), refresh_token: "rt.2" };
      assert.deepEqual(await refreshed(200, answer), { accessToken: naming("acc-1"), refreshToken: "rt.2" });
      const swapped = { ...answer, id_token: naming("acc-1"), access_token: naming(workspace) };
      assert.deepEqual(await refreshed(200, swapped), { idToken: naming("acc-1"), refreshToken: "rt.2" });
      const known = { idToken: naming("acc-1"), accessToken: naming("acc-1") };
      assert.equal(mergeTokens(known, { accessToken: naming(workspace) }), undefined);
    }
  });
});
