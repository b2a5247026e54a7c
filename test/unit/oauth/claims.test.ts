import assert from "node:assert/strict";
import fc from "fast-check";
import { mergeClaims, readClaims } from "../../../src/oauth/claims.ts";

const auth = "https://api.openai.com/auth";
const profile = "https://api.openai.com/profile";

function token(payload: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(payload)}.c2ln`;
}

describe("Claims", () => {
  it("are read from the token and from the claim of OpenAI", () => {
    const claims = readClaims(
      token({
        iat: 1_790_000_000,
        exp: 1_790_864_000,
        email: "me@example.com",
        [auth]: {
          chatgpt_plan_type: "plus",
          chatgpt_user_id: "user-1",
          chatgpt_account_id: "workspace-1",
          organization_id: "org-1",
          project_id: "proj-1",
          completed_platform_onboarding: true,
          is_org_owner: true,
        },
      }),
    );
    assert.deepEqual(claims, {
      email: "me@example.com",
      plan: "plus",
      userId: "user-1",
      workspaceId: "workspace-1",
      organizationId: "org-1",
      projectId: "proj-1",
      fedramp: false,
      needsPlatformSetup: false,
      issuedAt: 1_790_000_000_000,
      expiresAt: 1_790_864_000_000,
    });
  });

  it("are no longer than a name or an address can be", () => {
    const read = (length: number) =>
      readClaims(token({ email: "e".repeat(length), [auth]: { user_id: "u".repeat(length) } }));
    assert.equal(read(320)?.email?.length, 320);
    assert.deepEqual([read(321)?.email, read(321)?.userId], [undefined, undefined]);
  });

  it("find the email in the profile claim, and the user under its older name", () => {
    const claims = readClaims(token({ [profile]: { email: "me@example.com" }, [auth]: { user_id: "user-1" } }));
    assert.equal(claims?.email, "me@example.com");
    assert.equal(claims?.userId, "user-1");
  });

  it("never take the first organization for the ChatGPT workspace", () => {
    const claims = readClaims(token({ [auth]: { organizations: [{ id: "org-of-somebody" }] } }));
    assert.equal(claims?.workspaceId, undefined);
    assert.equal(claims?.organizationId, undefined);
  });

  for (const [completed, owner, needed] of [
    [false, true, true],
    [undefined, true, true],
    [true, true, false],
    [false, false, false],
    [false, undefined, false],
    ["true", true, true],
    [1, true, true],
    [false, "true", false],
    [false, 1, false],
  ] as const) {
    it(`have needsPlatformSetup ${needed} for completed ${JSON.stringify(completed)}, owner ${JSON.stringify(owner)}`, () => {
      const claims = readClaims(token({ [auth]: { completed_platform_onboarding: completed, is_org_owner: owner } }));
      assert.equal(claims?.needsPlatformSetup, needed);
    });
  }

  for (const exp of ["soon", -1, 0, 1e15, null, Number.MAX_SAFE_INTEGER, 12]) {
    it(`have no expiry when exp is ${exp}`, () => assert.equal(readClaims(token({ exp }))?.expiresAt, undefined));
  }

  it("of the wrong type count as absent, and leave the others", () => {
    const claims = readClaims(token({ email: 7, [auth]: { chatgpt_plan_type: { a: 1 }, chatgpt_account_id: "w" } }));
    assert.equal(claims?.email, undefined);
    assert.equal(claims?.plan, undefined);
    assert.equal(claims?.workspaceId, "w");
    assert.equal(readClaims(token({ [auth]: "text" }))?.workspaceId, undefined);
  });

  it("name no ChatGPT workspace that a request's header could not", () => {
    for (const odd of ["a\nb", "a\r\nX-Other: 1", "a b", "\u00e9", "", "a".repeat(400), 7, ["w"]]) {
      assert.equal(readClaims(token({ [auth]: { chatgpt_account_id: odd } }))?.workspaceId, undefined, String(odd));
    }
  });

  it("are undefined for a text that is no token, and for a huge one", () => {
    for (const text of ["", "a.b.c", "<html></html>", "a.b", token({ email: "x".repeat(70_000) })]) {
      assert.equal(readClaims(text), undefined);
    }
  });

  it("never throw", () => {
    fc.assert(fc.property(fc.string(), (text) => void readClaims(text)));
    fc.assert(fc.property(fc.json(), (json) => void readClaims(token(JSON.parse(json)))));
  });

  it("are merged from the identity of the id_token and the expiry of the access token", () => {
    const merged = mergeClaims(
      readClaims(token({ email: "id@example.com", exp: 1_790_000_000, [auth]: { chatgpt_plan_type: "pro" } })),
      readClaims(token({ email: "at@example.com", exp: 1_790_864_000, [auth]: { chatgpt_account_id: "w" } })),
    );
    assert.deepEqual(
      [merged.email, merged.plan, merged.workspaceId, merged.expiresAt],
      ["id@example.com", "pro", "w", 1_790_864_000_000],
    );
  });
});
