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
