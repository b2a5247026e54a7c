import assert from "node:assert/strict";
import fc from "fast-check";
import { asCode, asNumber, asTime } from "../../../src/platform/untrusted.ts";

const seconds = 1_800_000_000;
const absurd: readonly unknown[] = [
  ...[0, -0, -1, 1, -seconds, 1e300, -1e300, 8.64e12, 8.64e15, 9e15, 2 ** 31, 2 ** 53, 1e17, 5e-324],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, null, "", "soon", "1800000000", true],
  ...[{}, [], [seconds], { valueOf: () => seconds }, 10n, new Date()],
];

describe("A time from outside", () => {
  it("is in seconds, or in milliseconds where it can only be those", () => {
    assert.equal(asTime(seconds), seconds * 1000);
    assert.equal(asTime(seconds + 0.5), seconds * 1000 + 500);
    assert.equal(asTime(seconds * 1000), seconds * 1000);
    for (const year of [2000, 2026, 2200]) {
      assert.equal(asTime(Date.UTC(year, 0) / 1000), Date.UTC(year, 0));
      assert.equal(asTime(Date.UTC(year, 0)), Date.UTC(year, 0));
    }
  });

  it("counts as absent where it is none, or none of our time", () => {
    for (const value of absurd.filter((one) => one !== 2 ** 31)) assert.equal(asTime(value), undefined, String(value));
    for (const value of [Date.UTC(1999, 11), Date.UTC(2201, 0)]) {
      assert.equal(asTime(value), undefined);
      assert.equal(asTime(value / 1000), undefined);
    }
  });

  it("is one that every calendar and time zone can show", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.double({ min: 1e8, max: 1e14 }), fc.anything()), (value) => {
        const time = asTime(value);
        if (time === undefined) return;
        assert.ok(new Date(time).toISOString() < "2200-01-01T00:00:00.001Z");
        for (const timeZone of ["Pacific/Kiritimati", "Pacific/Niue", "UTC"]) {
          new Intl.DateTimeFormat("en", { timeZone, dateStyle: "full", timeStyle: "long" }).format(time);
        }
      }),
    );
  });
});

describe("A number or a code from outside", () => {
  it("is a finite number", () => {
    for (const value of [0, -1, 1e300, 0.5]) assert.equal(asNumber(value), value);
    for (const value of absurd.filter((one) => typeof one !== "number" || !Number.isFinite(one))) {
      assert.equal(asNumber(value), undefined);
    }
  });

  it("is a short word without space", () => {
    for (const code of ["max_output_tokens", "content-filter", "a.b", "1"]) assert.equal(asCode(code), code);
    for (const text of ["", "two words", "a\n", "é", "x".repeat(65), 1, null, undefined, ["a"]]) {
      assert.equal(asCode(text), undefined);
    }
  });
});
