import assert from "node:assert/strict";
import { chatError } from "../../../../src/editor/chat/chatErrors.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { unexpectedSentence } from "../../../../src/shared/words.ts";

const foreign = Object.assign(new TypeError("Bearer abc, from a server"), { code: "Blocked", detail: "secret" });

describe("An error that reaches Chat or another extension", () => {
  for (const forChat of [true, false]) {
    const asker = forChat ? "Chat" : "another extension";
    it(`has our sentence and no stack, whatever was thrown: ${asker}`, () => {
      for (const problem of [
        new Problem("overloaded", "HTTP 503"),
        new Problem("notSignedIn"),
        new Problem("silent"),
      ]) {
        const shown = chatError(problem, forChat);
        assert.deepEqual([shown.message, shown.stack], [problem.message, ""]);
        assert.ok(!("detail" in shown));
      }
      for (const thrown of [foreign, "a text", undefined, { message: "an object" }]) {
        const shown = chatError(thrown, forChat);
        assert.deepEqual([shown.message, shown.stack], [unexpectedSentence(), ""]);
        assert.deepEqual([shown.name, shown.cause, "code" in shown], ["Error", undefined, false]);
      }
    });
  }

  it("has the code that another extension looks at, and none for Chat, which would print it", () => {
    const limit = new Problem("usageLimitReached", undefined, { resetsAt: undefined });
    const cases = [
      [limit, "Blocked"],
      [new Problem("usageNotIncluded"), "Blocked"],
      [new Problem("quotaExceeded"), "Blocked"],
      [new Problem("rateLimited"), "Blocked"],
      [new Problem("contentRefused"), "Blocked"],
      [new Problem("modelNotSupported"), "NotFound"],
      [new Problem("notSignedIn"), "NoPermissions"],
      [new Problem("needsSignIn"), "NoPermissions"],
      [new Problem("noApiKey"), "NoPermissions"],
      [new Problem("keyRejected"), "NoPermissions"],
      [new Problem("derivedKeyRejected"), "NoPermissions"],
      [new Problem("derivedKeyMissing"), "NoPermissions"],
      [new Problem("forbidden"), "NoPermissions"],
      [new Problem("endpointNotAllowed"), "NoPermissions"],
      [new Problem("badSetting", undefined, { setting: "s" }), undefined],
      [new Problem("contextLengthExceeded"), undefined],
      [new Problem("overloaded"), undefined],
      [new Problem("badRequest"), undefined],
      [new Problem("streamLost"), undefined],
      [new Problem("silent"), undefined],
      [new Problem("unreadableAnswer"), undefined],
      [new Problem("regionBlocked"), undefined],
      [new Problem("edgeBlocked"), undefined],
      [new Problem("serviceFailed"), undefined],
      [new Problem("unreachable"), undefined],
    ] as const;
    for (const [problem, code] of cases) {
      const { code: given } = chatError(problem, false) as { code?: string };
      assert.equal(given, code, problem.code);
      assert.ok(!("code" in chatError(problem, true)), problem.code);
    }
  });
});
