import assert from "node:assert/strict";
import { planName } from "../../src/shared/planName.ts";
import { absoluteTime, elapsedTime, isoTime, relativeTime } from "../../webview-ui/src/format.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe("panel's formats", () => {
  it("relative times take the largest unit that fits, without showing 60 minutes or 24 hours", () => {
    const cases: readonly [distance: number, words: string][] = [
      [0, "now"],
      [29 * second, "now"],
      [-29 * second, "now"],
      [31 * second, "in 1 minute"],
      [-90 * second, "1 minute ago"],
      [59.4 * minute, "in 59 minutes"],
      [59.6 * minute, "in 1 hour"],
      [-23.4 * hour, "23 hours ago"],
      [23.6 * hour, "tomorrow"],
      [-10 * day, "10 days ago"],
    ];
    for (const [distance, words] of cases) {
      assert.equal(relativeTime(1e12 + distance, 1e12, "en"), words, `${distance} ms`);
    }
    assert.equal(relativeTime(1e12 + 3 * hour, 1e12, "fr"), "dans 3 heures");
  });

  it("times that no calendar can show are empty", () => {
    for (const at of [1e300, -1e300, Number.NaN]) {
      assert.deepEqual([relativeTime(at, 0, "en"), absoluteTime(at, "en"), isoTime(at)], ["", "", ""]);
    }
    assert.equal(isoTime(0), "1970-01-01T00:00:00.000Z");
  });

  it("elapsed times are minutes and seconds, and never negative", () => {
    assert.equal(elapsedTime(0, 59_999, "en"), "0:59");
    assert.equal(elapsedTime(0, 605_000, "en"), "10:05");
    assert.equal(elapsedTime(5000, 0, "en"), "0:00");
  });

  it("plans are named as people know them, unknown ones in the same style", () => {
    const names = [
      "free",
      "plus",
      "prolite",
      "team",
      "self_serve_business_usage_based",
      "ent26",
      "edu_pro",
      "moon_base",
    ];
    const expected = ["Free", "Plus", "Pro Lite", "Team", "Business", "Enterprise", "Edu Pro", "Moon Base"];
    assert.deepEqual(names.map(planName), expected);
    assert.equal(planName(""), "");
  });
});
