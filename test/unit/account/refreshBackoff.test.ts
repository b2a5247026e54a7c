import assert from "node:assert/strict";
import { RefreshBackoff } from "../../../src/account/refreshBackoff.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("The wait after a refresh that failed", () => {
  let clock: ManualClock;
  let backoff: RefreshBackoff;
  beforeEach(() => {
    clock = new ManualClock();
    backoff = new RefreshBackoff(clock);
  });

  /** Lets a refresh fail, and moves the clock to the end of the wait. Returns how long that was, ms. */
  function failAndWait(id = "a"): number {
    const problem = new Error("failed");
    const start = clock.now();
    backoff.failed(id, problem);
    assert.equal(backoff.waiting(id)?.problem, problem);
    while (backoff.waiting(id)) clock.jump(1_000);
    return clock.now() - start;
  }

  it("grows with each failure, and starts from the shortest again after ten minutes without one", () => {
    assert.deepEqual([failAndWait(), failAndWait(), failAndWait()], [5_000, 15_000, 60_000]);
    clock.jump(599_000);
    assert.equal(failAndWait(), 300_000);
    clock.jump(600_000);
    assert.equal(failAndWait(), 5_000);
  });

  it("starts from the shortest again after a success, and is each account's own", () => {
    failAndWait("a");
    assert.equal(failAndWait("b"), 5_000);
    backoff.succeeded("a");
    assert.deepEqual([failAndWait("a"), failAndWait("b")], [5_000, 15_000]);
  });

  for (const [name, ms] of [
    ["forward by years", 3 * 365 * 24 * 3_600_000],
    ["forward by hours", 5 * 3_600_000],
    ["back by hours", -5 * 3_600_000],
    ["back by years", -3 * 365 * 24 * 3_600_000],
  ] as const) {
    it(`is neither shorter nor longer when the clock is set ${name}`, () => {
      failAndWait();
      backoff.failed("a", new Error("failed"));
      clock.setWall(ms);
      clock.jump(14_999);
      assert.ok(backoff.waiting("a"));
      clock.jump(1);
      assert.equal(backoff.waiting("a"), undefined);
      assert.equal(failAndWait(), 60_000);
    });
  }
});
