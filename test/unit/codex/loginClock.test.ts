import assert from "node:assert/strict";
import type { CodexLink, Credential } from "../../../src/account/credential.ts";
import { afterMove, afterReading } from "../../../src/codex/followedRecord.ts";
import { credentialOf, readLoginFromText } from "../../../src/codex/login.ts";

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.UTC(2026, 5, 1);
const link: CodexLink = { codexHome: "/nowhere", store: "file", refreshHere: false };

/** A token of one account that was issued then, by the issuer's clock. */
function tokenIssuedAt(issuedAt: number): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const auth = { chatgpt_user_id: "user-1", chatgpt_account_id: "workspace-1" };
  const payload = {
    iat: issuedAt / 1000,
    exp: (issuedAt + 10 * day) / 1000,
    email: "plus@example.com",
    "https://api.openai.com/auth": auth,
  };
  return `${encoded({ alg: "none" })}.${encoded(payload)}.c2ln`;
}

/** The text of an auth.json whose tokens were issued at one time by the issuer's clock, and came at another by ours. */
function fileOf(issuedAt: number, lastRefresh?: number): string {
  const token = tokenIssuedAt(issuedAt);
  const tokens = { id_token: token, access_token: token, refresh_token: "rt.1", account_id: "workspace-1" };
  const when = lastRefresh === undefined ? {} : { last_refresh: new Date(lastRefresh).toISOString() };
  return JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, ...when });
}

const imported = (text: string, followed?: CodexLink): Credential =>
  credentialOf(readLoginFromText(text).file, followed, "https://issuer.test", now);

describe("The issuer's clock, of a login of the Codex CLI", () => {
  for (const followed of [undefined, link]) {
    const kind = followed ? "linked" : "copied";
    it(`that is ${kind} is learned from its file`, () => {
      assert.equal(imported(fileOf(now - day, now - day - 3 * hour), followed).clockOffset, 3 * hour);
      assert.equal(imported(fileOf(now - day, now - day + 500), followed).clockOffset, 0);
      assert.equal(imported(fileOf(now - day), followed).clockOffset, 0);
    });

    it(`that is ${kind} makes no token look fresher than it is`, () => {
      assert.equal(imported(fileOf(now - 9 * day, now - hour), followed).clockOffset, 0);
      assert.equal(imported(fileOf(now + 2 * hour), followed).clockOffset, 2 * hour);
    });
  }

  it("that is followed is learned again with each of its tokens", () => {
    const before = imported(fileOf(now - 9 * day, now - 9 * day - 5 * hour), link);
    assert.ok(before.origin === "linked");
    assert.equal(before.clockOffset, 5 * hour);
    const read = { status: "read", text: fileOf(now - hour, now - hour), fingerprint: "1", warnings: [] } as never;
    assert.equal(afterReading(before, read, now).clockOffset, 0);
    assert.equal(afterMove(before, tokenIssuedAt(now), now)?.clockOffset, 0);
    assert.equal(afterMove(before, tokenIssuedAt(now + hour), now)?.clockOffset, hour);
  });
});
