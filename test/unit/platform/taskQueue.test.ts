import assert from "node:assert/strict";
import { TaskQueue } from "../../../src/platform/taskQueue.ts";

describe("A task queue", () => {
  it("runs one piece of work after another, in the order in which they came", async () => {
    const queue = new TaskQueue();
    const first = Promise.withResolvers<void>();
    const steps: string[] = [];
    const one = queue.run(async () => {
      steps.push("one begins");
      await first.promise;
      steps.push("one ends");
    });
    const two = queue.run(async () => steps.push("two"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(steps, ["one begins"]);
    first.resolve();
    await Promise.all([one, two]);
    assert.deepEqual(steps, ["one begins", "one ends", "two"]);
  });

  it("gives each caller what its own work came to, and goes on after a failure", async () => {
    const queue = new TaskQueue();
    const failing = queue.run(() => Promise.reject(new Error("no")));
    const working = queue.run(async () => "yes");
    await assert.rejects(failing, /^Error: no$/);
    assert.equal(await working, "yes");
  });
});
