import assert from "node:assert/strict";
import { backoff } from "../../../src/platform/backoff.ts";

describe("backoff", () => {
  it("takes the steps in order and repeats the last one", () => {
    const waits = [1, 2, 3, 4, 100].map((failures) => backoff([10, 60, 300], failures));
    assert.deepEqual(waits, [10, 60, 300, 300, 300]);
  });

  it("does not wait where there are no steps or no failures", () => {
    assert.equal(backoff([], 3), 0);
    assert.equal(backoff([10], 0), 0);
  });
});
