import assert from "node:assert/strict";
import { Emitter } from "../../../src/platform/emitter.ts";

describe("An emitter", () => {
  let emitter: Emitter<number>;
  let heard: string[];
  let errors: unknown[];
  const hear = (name: string) => (value: number) => void heard.push(`${name}${value}`);
  beforeEach(() => {
    heard = [];
    errors = [];
    emitter = new Emitter((error) => errors.push(error));
  });

  it("tells every listener, in the order of subscription", () => {
    emitter.event(hear("a"));
    emitter.event(hear("b"));
    emitter.fire(1);
    assert.deepEqual(heard, ["a1", "b1"]);
  });

  it("delivers in order when a listener fires again", () => {
    emitter.event((value) => {
      heard.push(`a${value}`);
      if (value < 3) emitter.fire(value + 1);
    });
    emitter.event(hear("b"));
    emitter.fire(1);
    assert.deepEqual(heard, ["a1", "b1", "a2", "b2", "a3", "b3"]);
  });

  it("does not tell a listener that was removed meanwhile", () => {
    emitter.event(() => second.dispose());
    const second = emitter.event(hear("b"));
    emitter.event(hear("c"));
    emitter.fire(1);
    assert.deepEqual(heard, ["c1"]);
  });

  it("does not tell a removed listener of what was fired before the removal", () => {
    emitter.event((value) => {
      if (value > 1) return;
      emitter.fire(2);
      second.dispose();
    });
    const second = emitter.event(hear("b"));
    emitter.fire(1);
    assert.deepEqual(heard, []);
  });

  it("tells a listener that is added meanwhile of later values only", () => {
    emitter.event((value) => {
      if (value === 1) emitter.event(hear("late"));
    });
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(heard, ["late2"]);
  });

  it("keeps two subscriptions of one function apart", () => {
    const listener = hear("a");
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.fire(1);
    first.dispose();
    first.dispose();
    emitter.fire(2);
    assert.deepEqual(heard, ["a1", "a1", "a2"]);
  });

  it("reports a listener that throws, and tells the others", () => {
    const failure = new Error("failed");
    emitter.event(() => {
      throw failure;
    });
    emitter.event(hear("b"));
    emitter.fire(1);
    emitter.fire(2);
    assert.deepEqual(heard, ["b1", "b2"]);
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
