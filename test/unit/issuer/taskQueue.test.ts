import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TaskQueue } from "../../issuer/taskQueue.ts";

describe("test issuer: task queue", () => {
  it("runs tasks of one key in order, others beside them, and survives a failure", async () => {
    const queue = new TaskQueue();
    const steps: string[] = [];
    const task = (name: string, failure?: Error) => async () => {
      steps.push(`${name} begins`);
      await nextTurn();
      steps.push(`${name} ends`);
      if (failure !== undefined) throw failure;
    };
    const failing = assert.rejects(queue.run("one", task("a", new Error("no"))), /no/);
    await Promise.all([failing, queue.run("one", task("b")), queue.run("two", task("c"))]);
    const ofOne = steps.filter((step) => !step.startsWith("c"));
    assert.deepEqual(ofOne, ["a begins", "a ends", "b begins", "b ends"]);
    assert.ok(steps.indexOf("c begins") < steps.indexOf("a ends"));
  });
});
