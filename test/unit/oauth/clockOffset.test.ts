import assert from "node:assert/strict";
import { clockOffset, clockOffsetOfLogin } from "../../../src/oauth/clockOffset.ts";
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

  it("ignores a header whose time is absurd", () => {
    for (const odd of [
      "Fri, 31 Dec 9999 23:59:59 GMT",
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "+275760-09-13T00:00:00Z",
      "",
    ]) {
      assert.equal(clockOffset(clock, odd, undefined), undefined, odd);
      assert.equal(clockOffset(clock, odd, now + hour), hour, odd);
    }
  });

  it("is unknown when the answer has neither", () => {
    assert.equal(clockOffset(clock, undefined, undefined), undefined);
  });

  const day = 24 * hour;
  const lifetime = 10 * day;

  describe("where a proxy's header is wrong", () => {
    for (const [name, off] of [
      ["years ahead", 5 * 365 * day],
      ["after the token's expiry", lifetime + hour],
      ["just before the token's expiry", lifetime - hour],
      ["days ahead", 6 * day],
      ["hours behind", -7 * hour],
      ["years behind", -5 * 365 * day],
    ] as const) {
      it(`(${name}) follows the token's time of issue`, () => {
        assert.equal(clockOffset(clock, header(now + off), now, now + lifetime), 0);
        // Our own clock may be wrong as well, in either direction.
        for (const ours of [2 * 365 * day, -2 * 365 * day]) {
          const issuedAt = now - ours;
          assert.equal(clockOffset(clock, header(issuedAt + off), issuedAt, issuedAt + lifetime), -ours);
        }
      });
    }
  });

  it("leaves a token at least half its life, whatever the header says", () => {
    for (let ahead = 0; ahead < 2 * lifetime; ahead += hour) {
      for (const life of [2 * hour, lifetime]) {
        const offset = clockOffset(clock, header(now + ahead), now, now + life) ?? 0;
        assert.ok(now + offset <= now + life / 2 + 500, `${ahead}`);
      }
    }
  });

  it("of a token that was given out again is our own clock's, with a header that agrees or without one", () => {
    assert.equal(clockOffset(clock, header(now), now - 3 * day, now + 7 * day), 0);
    assert.equal(clockOffset(clock, undefined, now - 10 * hour, now + lifetime - 10 * hour), 0);
  });

  it("is unknown where the token has no time of issue, and its expiry contradicts the header", () => {
    assert.equal(clockOffset(clock, header(now - 365 * day), undefined, now + lifetime), undefined);
    assert.equal(clockOffset(clock, header(now - 2 * day), undefined, now + lifetime), -2 * day + 500);
  });

  describe("of a login that another program has got", () => {
    it("is what its file says: when it came by our clock, and when it was issued by the issuer's", () => {
      assert.equal(clockOffsetOfLogin(now, now - 2 * day + 3 * hour, now - 2 * day), 3 * hour);
      assert.equal(clockOffsetOfLogin(now, now - 2 * day, now - 2 * day + 1_000), 0);
    });

    it("makes no token live longer", () => {
      assert.equal(clockOffsetOfLogin(now, now - 9 * day, now - 8 * day), 0);
      assert.equal(clockOffsetOfLogin(now, now - 9 * day), 0);
      assert.equal(clockOffsetOfLogin(now, undefined, now), 0);
    });

    it("is at least what a token from the future shows, and no more where the file is absurd", () => {
      assert.equal(clockOffsetOfLogin(now, now + 3 * hour), 3 * hour);
      assert.equal(clockOffsetOfLogin(now, now + 3 * hour, now + day), 3 * hour);
      assert.equal(clockOffsetOfLogin(now, now + 9 * day, now - day), 9 * day);
      assert.equal(clockOffsetOfLogin(now, now - hour, now - 300 * day), 0);
    });
  });
});
