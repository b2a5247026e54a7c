import assert from "node:assert/strict";
import { clockOffset } from "../../../src/oauth/clockOffset.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("The offset of the issuer's clock", () => {
  const now = Date.UTC(2026, 0, 15, 12);
  const clock = new ManualClock(now);
  const hour = 3_600_000;
  const header = (time: number) => new Date(time).toUTCString();

  it("comes from the Date header, whose whole seconds are rounded", () => {
    assert.equal(clockOffset(clock, header(now + 3 * hour), undefined), 3 * hour + 500);
    assert.equal(clockOffset(clock, header(now - 3 * hour), undefined), -3 * hour + 500);
  });

  it("is 0 for the delay of a network and rounding", () => {
    for (const ms of [-4_000, 0, 4_000]) assert.equal(clockOffset(clock, header(now + ms), now + ms), 0);
  });

  it("comes from the time of issue without a valid Date header", () => {
    assert.equal(clockOffset(clock, undefined, now + hour), hour);
    assert.equal(clockOffset(clock, "yesterday", now + hour), hour);
  });

  it("follows the later of the two, so that a refresh is early rather than late", () => {
    assert.equal(clockOffset(clock, header(now - hour), now), 0);
    assert.equal(clockOffset(clock, header(now), now - hour), 0);
  });

  it("ignores a header that is after the expiry of its token", () => {
    assert.equal(clockOffset(clock, header(now + 300 * hour), now, now + 240 * hour), 0);
    assert.equal(clockOffset(clock, header(now + 300 * hour), undefined, now + 240 * hour), undefined);
    assert.equal(clockOffset(clock, header(now + 3 * hour), now, now + 240 * hour), 3 * hour + 500);
  });

  it("is unknown when the answer has neither", () => {
    assert.equal(clockOffset(clock, undefined, undefined), undefined);
  });
});
