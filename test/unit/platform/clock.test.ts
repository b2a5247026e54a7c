import assert from "node:assert/strict";
import { delay, systemClock } from "../../../src/platform/clock.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("delay", () => {
  it("resolves after its time", async () => {
    const clock = new ManualClock();
    let done = false;
    void delay(clock, 1000).then(() => {
      done = true;
    });
    await clock.advance(999);
    assert.equal(done, false);
    await clock.advance(1);
    assert.equal(done, true);
  });

  it("rejects with the reason of an abort, and sets no timer for an aborted signal", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const reason = new Error("cancelled");
    const waiting = delay(clock, 1000, abort.signal);
    abort.abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(delay(clock, 1000, abort.signal), reason);
    assert.equal(clock.pending, 0);
  });
});

describe("The system's clock", () => {
  it("does not call back at once for a wait that setTimeout cannot count", async () => {
    let called = false;
    const timer = systemClock.after(2 ** 40, () => {
      called = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    timer.dispose();
    assert.equal(called, false);
  });

  it("does not call back what was disposed", async () => {
    let called = false;
    systemClock
      .after(0, () => {
        called = true;
      })
      .dispose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(called, false);
  });
});
