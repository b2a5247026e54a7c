import assert from "node:assert/strict";
import { parseAuthFile } from "../../../../src/codex/authFile/parse.ts";
import { previewAuthFile } from "../../../../src/codex/authFile/preview.ts";
import { shownName } from "../../../../src/shared/shownText.ts";
import { accessExpiresAt, canary, current, jwt, tokens } from "./authTexts.ts";

function preview(value: unknown) {
  const result = parseAuthFile(JSON.stringify(value));
  assert.ok(result.ok, JSON.stringify(result));
  return previewAuthFile(result.file);
}

describe("the preview of an auth.json", () => {
  it("names account, plan, mode, parts, expiry and last refresh, and no secret", () => {
    const shown = preview(current);
    assert.deepEqual(shown, {
      mode: "chatgpt",
      email: "ada@example.com",
      plan: "plus",
      workspaceId: "acc-claim",
      parts: { idToken: true, accessToken: true, refreshToken: true, apiKey: true },
      apiKey: "sk-…1234",
      accessTokenExpiresAt: accessExpiresAt,
      lastRefresh: Date.parse("2026-11-20T20:41:36.232Z"),
    });
    assert.doesNotMatch(JSON.stringify(shown), /canary|eyJ/);
  });

  it("shows the last four of a long key only, and only if they are plain", () => {
    const keyShown = (key: string) => preview({ OPENAI_API_KEY: key }).apiKey;
    assert.equal(keyShown(canary.key), "sk-…1234");
    assert.equal(keyShown("sess-0123456789abcdef"), "sess-…cdef");
    assert.equal(keyShown("0123456789abcdef0123456789"), "sk-…6789");
    assert.equal(keyShown("sk-0123456789abcdef"), "sk-…");
    assert.equal(keyShown("sk-0123456789abcdef](x)"), "sk-…");
  });

  it("cannot be made to hold a link, an icon, a line break, a direction mark or a book", () => {
    const hostile = "[Sign in](command:evil) $(x) <a href> `b`\n\u202Eevil\u2066\u200B\u0000\u2028 ok@example.com";
    const shown = preview({
      tokens: {
        ...tokens,
        id_token: jwt({
          email: hostile,
          "https://api.openai.com/auth": {
            chatgpt_plan_type: "p".repeat(300),
            chatgpt_account_id: "](command:x)$(y)",
          },
        }),
      },
    });
    for (const text of [shown.email, shown.plan, shown.workspaceId]) {
      assert.ok(text);
      assert.doesNotMatch(text, /[[\]()<>`$:\n\p{C}\u2028]/u);
      assert.ok([...text].length <= 101);
    }
    assert.match(shown.email ?? "", /ok@example\.com$/);
    const book = { "https://api.openai.com/auth": { chatgpt_plan_type: "p".repeat(60_000 / 2) } };
    assert.equal(preview({ tokens: { ...tokens, id_token: jwt(book) } }).plan, undefined);
  });

  it("shows nothing for a text of which nothing is left", () => {
    assert.equal(shownName("[]()\n"), undefined);
    assert.equal(shownName(undefined), undefined);
  });
});
