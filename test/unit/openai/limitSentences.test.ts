import assert from "node:assert/strict";
import { Problem } from "../../../src/shared/problem.ts";
import { littleLeftSentence, resetSentence } from "../../../src/shared/words/models.ts";

describe("What a person reads of a limit", () => {
  const now = new Date(2026, 10, 26, 14, 0).getTime();
  const later = new Date(2026, 10, 26, 16, 5).getTime();
  const nextWeek = new Date(2026, 11, 3, 9, 30).getTime();
  /** Between the digits and what follows, ICU has a special space. */
  const plain = (text: string) => text.replaceAll(/\p{Zs}/gu, " ");

  it("has the time, and the day unless that is today", () => {
    assert.match(plain(resetSentence(later, now)), /^It resets at (?:4:05 PM|16:05)\.$/);
    assert.match(plain(resetSentence(nextWeek, now)), /^It resets on Thursday, (?:December 3|3 December) at 0?9:30/);
    assert.match(resetSentence(later - 86_400_000, now), /^It resets on Wednesday, /);
  });

  it("is another sentence without a time", () => {
    const reached = (resetsAt: number | undefined) => new Problem("usageLimitReached", undefined, { resetsAt }).message;
    assert.equal(
      reached(undefined),
      "You've reached the usage limit of your ChatGPT plan. Try again later, or switch to an API key.",
    );
    assert.match(
      reached(Date.now() + 7 * 86_400_000),
      /^You've reached the usage limit of your ChatGPT plan\. It resets on .*\. To continue now, switch to an API key\.$/,
    );
  });

  it("is the sentence without a time where no calendar has it", () => {
    const { message } = new Problem("usageLimitReached", undefined, { resetsAt: undefined });
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300, 8.64e15, -8.64e15, 8.64e15 + 1]) {
      assert.equal(new Problem("usageLimitReached", undefined, { resetsAt: at }).message, message);
      assert.equal(littleLeftSentence("weekly", 6, at, now), "6% of your weekly limit is left.");
    }
  });

  it("says how much of which limit is left, in whole percents", () => {
    const said = (window: "fiveHour" | "weekly", left: number) => littleLeftSentence(window, left, undefined, now);
    assert.equal(said("fiveHour", 6.5), "6% of your 5-hour limit is left.");
    assert.equal(said("weekly", 1), "1% of your weekly limit is left.");
    assert.equal(said("weekly", 0.9), "You've used your weekly limit.");
    assert.equal(said("fiveHour", 0), "You've used your 5-hour limit.");
    assert.match(littleLeftSentence("weekly", 6, nextWeek, now), /^6% of your weekly limit is left\. It resets on /);
  });
});
