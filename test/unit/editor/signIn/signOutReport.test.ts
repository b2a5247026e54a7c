import assert from "node:assert/strict";
import type { Revocation } from "../../../../src/account/revoker.ts";
import type { SignOutOutcome } from "../../../../src/account/signOut.ts";
import { isAnythingLeft, signOutSentence } from "../../../../src/editor/signIn/signOutReport.ts";

const here = "You're signed out of ChatGPT on this computer.";
const stored = "The credential couldn't be deleted yet and may still be stored here. This will be tried again later.";

const last = { isLast: true, ownKeyFollows: false };

describe("What a person is told after signing out", () => {
  const told = (outcome: Partial<SignOutOutcome>, origin: "own" | "copied" | "linked" = "own") =>
    signOutSentence({ origin, derivedKey: { status: "absent", why: "refused" } }, last, {
      ...{ signIn: "revoked", earlier: undefined, isStored: false },
      ...outcome,
    });

  const atService: readonly [SignOutOutcome["signIn"], string][] = [
    ["revoked", "The sign-in was also revoked at OpenAI."],
    ["over", "At OpenAI, the sign-in was no longer valid."],
    ["refused", "OpenAI refused to revoke the sign-in, so it may stay valid there until it expires."],
    [
      "failed",
      "The sign-in couldn't be revoked at OpenAI yet and may still be valid there. This will be tried again later.",
    ],
    ["unclear", "It's unclear whether the Codex CLI uses this sign-in by now, so it wasn't revoked at OpenAI."],
    ["codex", "The Codex CLI stays signed in."],
  ];
  for (const [signIn, sentence] of atService) {
    it(`at the service: ${signIn}, and what is left here`, () => {
      assert.equal(told({ signIn }), `${here} ${sentence}`);
      assert.equal(told({ signIn, isStored: true }), `${here} ${stored} ${sentence}`);
    });
  }

  const ofEarlier: readonly [Revocation | undefined, RegExp | undefined][] = [
    [undefined, undefined],
    ["revoked", undefined],
    ["over", undefined],
    ["failed", / An earlier sign-in with this account couldn't be revoked at OpenAI yet/],
    ["refused", / OpenAI refused to revoke an earlier sign-in with this account/],
  ];
  for (const [earlier, sentence] of ofEarlier) {
    it(`of the sign-ins before: ${earlier ?? "there were none"}`, () => {
      for (const origin of ["own", "copied", "linked"] as const) {
        const signIn = origin === "own" ? "revoked" : "codex";
        const text = told({ signIn, earlier }, origin);
        if (sentence) assert.match(text, sentence);
        else assert.equal(text, told({ signIn }, origin));
      }
    });
  }

  it("of the account's API key, which outlives the sign-in that it was made with", () => {
    const outcome: SignOutOutcome = { signIn: "revoked", earlier: undefined, isStored: false };
    const present = { status: "present", key: "sk-canary", createdAt: 0 } as const;
    const sentence = "The account API key stays valid until you delete it at platform.openai.com.";
    for (const isLast of [true, false]) {
      const after = { isLast, ownKeyFollows: false };
      const own = signOutSentence({ origin: "own", derivedKey: present }, after, outcome);
      assert.ok(own.endsWith(` ${sentence}`), own);
      // The Codex CLI's key is its own.
      for (const origin of ["copied", "linked"] as const) {
        assert.ok(!signOutSentence({ origin, derivedKey: present }, after, outcome).includes(sentence), origin);
      }
    }
    assert.ok(!told({}).includes(sentence));
  });

  it("is a warning when something is left, or may be", () => {
    const nothing: SignOutOutcome = { signIn: "revoked", earlier: undefined, isStored: false };
    const isWarning = (outcome: Partial<SignOutOutcome>) => isAnythingLeft({ ...nothing, ...outcome });
    for (const signIn of ["failed", "refused", "unclear"] as const) assert.ok(isWarning({ signIn }), signIn);
    for (const signIn of ["revoked", "over", "codex"] as const) assert.ok(!isWarning({ signIn }), signIn);
    for (const earlier of ["failed", "refused"] as const) assert.ok(isWarning({ earlier }), earlier);
    for (const earlier of ["revoked", "over", undefined] as const) assert.ok(!isWarning({ earlier }), earlier);
    assert.ok(isWarning({ isStored: true }));
  });
});
