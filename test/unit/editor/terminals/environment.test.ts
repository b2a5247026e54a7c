import assert from "node:assert/strict";
import { type EnvironmentCollection, followTerminalEnvironment } from "../../../../src/editor/terminals/environment.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";

describe("The terminals' environment", () => {
  let calls: string[];
  let state: { enabled: boolean; key: string | undefined };
  let changed: Emitter<void>;
  let reads: number;
  let following: { dispose(): void };

  /** Notes everything that is done to it, in order. */
  const collection: EnvironmentCollection = {
    set persistent(value: boolean) {
      calls.push(`persistent ${value}`);
    },
    set description(_value: string) {
      calls.push("description");
    },
    replace: (name, value, options) => calls.push(`${name}=${value} ${JSON.stringify(options)}`),
    clear: () => calls.push("clear"),
  };

  function follow(): void {
    following = followTerminalEnvironment({
      collection: () => {
        calls.push("taken");
        return collection;
      },
      enabled: () => state.enabled,
      apiKey: () => {
        reads += 1;
        return state.key;
      },
      changes: [(listener) => changed.event(listener)],
    });
  }

  const set = (change: Partial<typeof state>) => {
    calls = [];
    Object.assign(state, change);
    changed.fire();
  };
  const given = (key: string) => `OPENAI_API_KEY=${key} {"applyAtProcessCreation":true}`;

  beforeEach(() => {
    calls = [];
    reads = 0;
    state = { enabled: false, key: "sk-one" };
    changed = new Emitter((error) => {
      throw error;
    });
  });
  afterEach(() => following.dispose());

  it("is left alone, and no key is asked for, while the setting is off", () => {
    follow();
    set({ key: "sk-two" });
    following.dispose();
    assert.deepEqual(calls, []);
    assert.equal(reads, 0);
  });

  it("is made one that is never stored before the key enters it", () => {
    state.enabled = true;
    follow();
    assert.deepEqual(calls, ["taken", "persistent false", "description", given("sk-one")]);
  });

  it("follows the key, and is told nothing when it is the same", () => {
    state.enabled = true;
    follow();
    set({ key: "sk-two" });
    assert.deepEqual(calls, [given("sk-two")]);
    set({ key: "sk-two" });
    assert.deepEqual(calls, []);
  });

  it("is emptied when the key goes, when the setting is switched off, and at the end", () => {
    state.enabled = true;
    follow();
    set({ key: undefined });
    assert.deepEqual(calls, ["clear"]);
    set({ key: "sk-two" });
    set({ enabled: false });
    assert.deepEqual(calls, ["clear"]);
    set({ enabled: true });
    assert.deepEqual(calls, [given("sk-two")]);
    calls = [];
    following.dispose();
    assert.deepEqual(calls, ["clear"]);
    set({ key: "sk-three" });
    assert.deepEqual(calls, []);
  });
});
