import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { AwakeTime } from "../../../src/platform/awakeTime.ts";
import { withinAwake } from "../../../src/platform/timeLimit.ts";

describe("withinAwake", () => {
  it("settles as the work does", async () => {
    assert.equal(await withinAwake(60_000, Promise.resolve(1)), 1);
    await assert.rejects(withinAwake(60_000, Promise.reject(new Error("failed"))), /failed/);
  });

  it("ends work that does not answer", async () => {
    await assert.rejects(withinAwake(5, new Promise(() => {})), { code: "ETIMEDOUT" });
    await assert.rejects(withinAwake(1_010, new Promise(() => {})), { code: "ETIMEDOUT" });
  });

  it("waits in steps of a second at most, because a timer of a computer that sleeps is over when it wakes", async () => {
    const { setTimeout: start } = globalThis;
    const steps: number[] = [];
    globalThis.setTimeout = ((then: () => void, ms: number) => {
      steps.push(ms);
      return start(then, 0);
    }) as typeof setTimeout;
    try {
      await assert.rejects(withinAwake(2_500, new Promise(() => {})), { code: "ETIMEDOUT" });
    } finally {
      globalThis.setTimeout = start;
    }
    assert.deepEqual(steps, [1_000, 1_000, 500]);
  });

  it("makes the caller's error, and only when it is needed", async () => {
    let made = 0;
    const late = () => {
      made += 1;
      return new RangeError("late");
    };
    await assert.rejects(withinAwake(5, new Promise(() => {}), late), RangeError);
    assert.equal(made, 1);
    // The answer comes when the time is over, and before that was told.
    const answer = new Promise<string>((resolve) => setTimeout(() => setImmediate(() => resolve("answer")), 5));
    const limited = withinAwake(5, answer, late);
    assert.equal(await limited, "answer");
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(made, 1);
  });

  it("prefers an answer that has come while the process was busy", async () => {
    const answer = delay(5, "answer");
    const limited = withinAwake(10, answer);
    const until = performance.now() + 50;
    while (performance.now() < until);
    assert.equal(await limited, "answer");
  });
});

describe("Awake time", () => {
  it("counts a sleep of the computer for a second at most, and no correction of its clock", () => {
    const { now } = performance;
    const { now: wallNow } = Date;
    let at = 1_000;
    try {
      performance.now = () => at;
      const time = new AwakeTime();
      at += 300;
      assert.equal(time.passed(), 300);
      at += 8 * 3600_000;
      assert.equal(time.passed(), 1_000);
      Date.now = () => 0;
      assert.equal(time.passed(), 0);
    } finally {
      performance.now = now;
      Date.now = wallNow;
    }
  });
});
