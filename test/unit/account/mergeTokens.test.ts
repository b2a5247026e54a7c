import assert from "node:assert/strict";
import { mergeTokens } from "../../../src/account/mergeTokens.ts";

const auth = "https://api.openai.com/auth";

interface Names {
  readonly user?: string;
  readonly workspace?: string;
  readonly email?: string;
}

/** A token that names somebody; `n` tells it from others. */
function token({ user, workspace, email }: Names, n = 0): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { n, email, [auth]: { chatgpt_user_id: user, chatgpt_account_id: workspace } };
  return `${part({ alg: "none" })}.${part(claims)}.c2ln`;
}

const me: Names = { user: "user-1", workspace: "workspace-1", email: "me@example.com" };
const known = { idToken: token(me), accessToken: token(me, 1) };

describe("The tokens that a refresh brought", () => {
  it("replace those before, as far as there are any", () => {
    const accessToken = token(me, 2);
    assert.deepEqual(mergeTokens(known, { accessToken })?.tokens, { ...known, accessToken });
    const idToken = token(me, 3);
    assert.deepEqual(mergeTokens(known, { idToken, accessToken })?.tokens, { idToken, accessToken });
    assert.deepEqual(mergeTokens(known, {})?.tokens, known);
  });

  const others: readonly [string, Names][] = [
    ["another person in the same workspace", { ...me, user: "user-2" }],
    ["another person alone", { user: "user-2" }],
    ["another workspace of the same person", { ...me, workspace: "workspace-2" }],
    ["another workspace alone", { workspace: "workspace-2" }],
    ["another person in another workspace", { user: "user-2", workspace: "workspace-2", email: "you@example.com" }],
  ];
  for (const [what, names] of others) {
    it(`are not used when one of them names ${what}`, () => {
      const other = token(names, 4);
      assert.equal(mergeTokens(known, { accessToken: other }), undefined);
      assert.equal(mergeTokens(known, { idToken: other }), undefined);
      assert.equal(mergeTokens(known, { idToken: token(me, 5), accessToken: other }), undefined);
      assert.equal(mergeTokens(known, { idToken: other, accessToken: token(me, 5) }), undefined);
    });
  }

  const lesser: readonly [string, string][] = [
    ["the person", token({ workspace: "workspace-1", email: "me@example.com" }, 6)],
    ["the workspace", token({ user: "user-1", email: "me@example.com" }, 6)],
    ["the email", token({ user: "user-1", workspace: "workspace-1" }, 6)],
    ["anybody", token({}, 6)],
    ["anything", "no token"],
  ];
  for (const [what, idToken] of lesser) {
    it(`keep the ID token before when the new one no longer names ${what}`, () => {
      // The access token names nobody, so that the ID token alone does.
      const before = { idToken: token(me), accessToken: token({}, 7) };
      const accessToken = token({}, 8);
      const merged = mergeTokens(before, { idToken, accessToken });
      assert.deepEqual(merged?.tokens, { idToken: before.idToken, accessToken });
      assert.deepEqual([merged?.claims.userId, merged?.claims.email], ["user-1", "me@example.com"]);
    });
  }
});
