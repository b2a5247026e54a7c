import assert from "node:assert/strict";
import { ChatFailures } from "../../../../src/editor/chat/chatFailures.ts";
import { Problem } from "../../../../src/shared/problem.ts";

describe("the way out of a failed request", () => {
  let now: number;
  let elapsed: number;
  let told: boolean;
  let warnings: { sentence: string; buttons: string[] }[];
  let pressed: string[];
  let failures: ChatFailures;
  beforeEach(() => {
    now = 1_000_000;
    elapsed = 0;
    told = false;
    warnings = [];
    pressed = [];
    failures = new ChatFailures({
      clock: { now: () => now, elapsed: () => elapsed, after: () => ({ dispose: () => {} }) },
      isToldElsewhere: () => told,
      warn(sentence, ways) {
        warnings.push({ sentence, buttons: Object.keys(ways) });
        for (const press of Object.values(ways)) press();
      },
      signIn: () => pressed.push("signIn"),
      setApiKey: () => pressed.push("setApiKey"),
      openSettings: () => pressed.push("openSettings"),
      switchAccount: () => pressed.push("switchAccount"),
      editSettings: () => pressed.push("editSettings"),
      reviewEndpoints: () => pressed.push("reviewEndpoints"),
    });
  });

  const offered: readonly [problem: Problem, button: string, action: string][] = [
    [new Problem("needsSignIn"), "Sign in with ChatGPT", "signIn"],
    [new Problem("notSignedIn"), "Sign in with ChatGPT", "signIn"],
    [new Problem("endpointNotAllowed"), "Review…", "reviewEndpoints"],
    [new Problem("accountNotAllowed"), "Switch Account", "switchAccount"],
    [new Problem("allowedWorkspacesUnusable"), "Open Settings", "editSettings"],
    [new Problem("noApiKey"), "Set OpenAI API Key", "setApiKey"],
    [new Problem("keyRejected"), "Set OpenAI API Key", "setApiKey"],
    [new Problem("derivedKeyMissing"), "Open ChatGPT Settings", "openSettings"],
    [new Problem("derivedKeyRejected"), "Open ChatGPT Settings", "openSettings"],
  ];
  for (const [problem, button, action] of offered) {
    it(`is "${button}" for: ${problem.message}`, () => {
      failures.note(problem);
      assert.deepEqual(warnings, [{ sentence: problem.message, buttons: [button] }]);
      assert.deepEqual(pressed, [action]);
    });
  }

  it("is offered once for a burst, and again for the next", () => {
    const expired = new Problem("needsSignIn");
    for (let count = 0; count < 20; count += 1) failures.note(expired);
    assert.equal(warnings.length, 1);
    elapsed += 60_000;
    failures.note(expired);
    assert.equal(warnings.length, 2);
  });

  it("is offered as often when the clock is set", () => {
    failures.note(new Problem("needsSignIn"));
    now += 3_600_000;
    failures.note(new Problem("needsSignIn"));
    assert.equal(warnings.length, 1);
    now -= 7_200_000;
    elapsed += 60_000;
    failures.note(new Problem("needsSignIn"));
    assert.equal(warnings.length, 2);
  });

  it("is not offered twice where another notification offers it", () => {
    told = true;
    failures.note(new Problem("needsSignIn"));
    assert.deepEqual(warnings, []);
  });

  it("is none for what only waiting, another model or another network helps", () => {
    failures.note(new Problem("usageLimitReached", undefined, { resetsAt: undefined }));
    const codes = ["usageNotIncluded", "overloaded", "modelNotSupported", "edgeBlocked"] as const;
    for (const code of codes) failures.note(new Problem(code));
    assert.deepEqual(warnings, []);
  });
});
