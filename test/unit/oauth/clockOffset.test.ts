import assert from "node:assert/strict";
import { clockOffset } from "../../../src/oauth/clockOffset.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("The offset of the issuer's clock", () => {
  const now = Date.UTC(2026, 0, 15, 12);
  const clock = new ManualClock(now);
  const hour = 3_600_000;
  const header = (time: number) => new Date(time).toUTCString();

  it("is read off the Date header, whose whole seconds are rounded", () => {
    assert.equal(clockOffset(clock, header(now + 3 * hour), undefined), 3 * hour + 500);
    assert.equal(clockOffset(clock, header(now - 3 * hour), undefined), -3 * hour + 500);
  });

  it("is none for the delays and roundings of a network", () => {
    for (const ms of [-4_000, 0, 4_000]) assert.equal(clockOffset(clock, header(now + ms), now + ms), 0);
  });

  it("is read off the time of issue where there is no Date header, or none that makes sense", () => {
    assert.equal(clockOffset(clock, undefined, now + hour), hour);
    assert.equal(clockOffset(clock, "yesterday", now + hour), hour);
  });

  it("follows the later of the two, so that a token is renewed early rather than late", () => {
    assert.equal(clockOffset(clock, header(now - hour), now), 0);
    assert.equal(clockOffset(clock, header(now), now - hour), 0);
  });

  it("is not read off a header that is later than the end of the token that came with it", () => {
    assert.equal(clockOffset(clock, header(now + 300 * hour), now, now + 240 * hour), 0);
    assert.equal(clockOffset(clock, header(now + 300 * hour), undefined, now + 240 * hour), undefined);
    assert.equal(clockOffset(clock, header(now + 3 * hour), now, now + 240 * hour), 3 * hour + 500);
  });

  it("is unknown when the answer tells nothing", () => {
    assert.equal(clockOffset(clock, undefined, undefined), undefined);
  });
});
