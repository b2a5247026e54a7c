import assert from "node:assert/strict";
import { Emitter } from "../../../src/platform/emitter.ts";

describe("An emitter", () => {
  let emitter: Emitter<number>;
  let received: string[];
  let errors: unknown[];
  const receive = (name: string) => (value: number) => void received.push(`${name}${value}`);
  beforeEach(() => {
    received = [];
    errors = [];
    emitter = new Emitter((error) => errors.push(error));
  });

  it("calls every listener, in the order of subscription", () => {
    emitter.event(receive("a"));
    emitter.event(receive("b"));
    emitter.fire(1);
    assert.deepEqual(received, ["a1", "b1"]);
  });

  it("delivers in order when a listener fires again", () => {
    emitter.event((value) => {
      received.push(`a${value}`);
      if (value < 3) emitter.fire(value + 1);
    });
    emitter.event(receive("b"));
    emitter.fire(1);
    assert.deepEqual(received, ["a1", "b1", "a2", "b2", "a3", "b3"]);
  });

  it("does not call a listener that was removed meanwhile", () => {
    emitter.event(() => second.dispose());
    const second = emitter.event(receive("b"));
    emitter.event(receive("c"));
    emitter.fire(1);
    assert.deepEqual(received, ["c1"]);
  });

  it("does not call a removed listener for what was fired before", () => {
    emitter.event((value) => {
      if (value > 1) return;
      emitter.fire(2);
      second.dispose();
    });
    const second = emitter.event(receive("b"));
    emitter.fire(1);
    assert.deepEqual(received, []);
  });

  it("calls a listener that is added meanwhile for later values only", () => {
    emitter.event((value) => {
      if (value === 1) emitter.event(receive("late"));
    });
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(received, ["late2"]);
  });

  it("keeps two subscriptions of one function apart", () => {
    const listener = receive("a");
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.fire(1);
    first.dispose();
    first.dispose();
    emitter.fire(2);
    assert.deepEqual(received, ["a1", "a1", "a2"]);
  });

  it("reports a listener that throws, and calls the others", () => {
    const failure = new Error("failed");
    emitter.event(() => {
      throw failure;
    });
    emitter.event(receive("b"));
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(received, ["b1", "b2"]);
    assert.deepEqual(errors, [failure, failure]);
  });

  it("goes on after a failure that was not caught either", () => {
    const strict = new Emitter<number>((error) => {
      throw error;
    });
    let calls = 0;
    strict.event(() => {
      calls += 1;
      throw new Error("failed");
    });
    assert.throws(() => strict.fire(1), /failed/);
    assert.throws(() => strict.fire(2), /failed/);
    assert.equal(calls, 2);
  });
});
