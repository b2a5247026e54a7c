import assert from "node:assert/strict";
import { TerminalConsent } from "../../../../src/editor/terminals/consent.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("The person's consent that terminals may have the API key", () => {
  let enabled: boolean;
  let focused: boolean;
  let remembered: unknown;
  let kept: () => Promise<void>;
  let asked: PromiseWithResolvers<boolean>[];
  let offered: (() => void)[];
  let changes: number;
  let settings: Emitter<void>;
  let consent: TerminalConsent;

  function open(): void {
    consent = new TerminalConsent({
      memory: {
        get: () => remembered,
        set: (answer) => {
          remembered = answer;
          return kept();
        },
      },
      enabled: () => enabled,
      onDidChangeSettings: (listener) => settings.event(listener),
      focused: () => focused,
      ask: () => {
        const answer = Promise.withResolvers<boolean>();
        asked.push(answer);
        return answer.promise;
      },
      offer: (review) => offered.push(review),
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    });
    consent.onDidChange(() => {
      changes += 1;
    });
  }
  const set = (on: boolean) => {
    enabled = on;
    settings.fire();
  };
  const answer = async (allowed: boolean) => {
    asked.at(-1)?.resolve(allowed);
    await turn();
  };

  beforeEach(() => {
    enabled = false;
    focused = true;
    remembered = undefined;
    kept = async () => {};
    asked = [];
    offered = [];
    changes = 0;
    settings = new Emitter((error) => {
      throw error;
    });
    open();
  });
  afterEach(() => consent.dispose());

  it("is asked for when the setting is turned on, and the setting alone is none", async () => {
    set(true);
    assert.deepEqual([asked.length, consent.isGiven], [1, false]);
    await answer(true);
    assert.deepEqual([consent.isGiven, changes], [true, 1]);
    set(true);
    assert.equal(asked.length, 1);
  });

  it("is asked for once, whatever else changes meanwhile, and once it was refused no more", async () => {
    set(true);
    settings.fire();
    assert.equal(asked.length, 1);
    await answer(false);
    settings.fire();
    assert.deepEqual([asked.length, consent.isGiven, remembered], [1, false, "refused"]);
    consent.dispose();
    open();
    assert.deepEqual([asked.length, offered.length], [1, 0]);
  });

  it("is only offered where the setting was found on, or nobody is looking", async () => {
    consent.dispose();
    enabled = true;
    open();
    assert.deepEqual([asked.length, offered.length], [0, 1]);
    offered[0]?.();
    await answer(true);
    assert.equal(consent.isGiven, true);
    remembered = undefined;
    focused = false;
    set(false);
    set(true);
    assert.deepEqual([asked.length, offered.length], [1, 2]);
  });

  it("is asked for or offered no more than that while the setting stays on", async () => {
    consent.dispose();
    enabled = true;
    open();
    settings.fire();
    assert.deepEqual([asked.length, offered.length], [0, 1]);
    offered[0]?.();
    offered[0]?.();
    assert.equal(asked.length, 1);
    asked[0]?.reject(new Error("refused to show dialog in tests"));
    await turn();
    settings.fire();
    assert.deepEqual([asked.length, offered.length], [1, 1]);
  });

  it("is not asked for where it is remembered already", () => {
    for (const answer of ["allowed", "refused"]) {
      remembered = answer;
      set(true);
      set(false);
    }
    assert.deepEqual([asked.length, offered.length], [0, 0]);
  });

  it("is asked for again after the setting was off and the answer was taken away", async () => {
    set(true);
    await answer(true);
    set(false);
    remembered = undefined;
    set(true);
    assert.deepEqual([asked.length, consent.isGiven], [2, false]);
  });

  for (const [what, write] of [
    ["never answers", () => new Promise<void>(() => {})],
    ["fails", () => Promise.reject(new Error("the disk is full"))],
  ] as const) {
    it(`holds in this window, and listeners hear of it, though the memory ${what}`, async () => {
      kept = write;
      set(true);
      await answer(true);
      assert.deepEqual([consent.isGiven, changes], [true, 1]);
      set(false);
      remembered = undefined;
      set(true);
      assert.equal(asked.length, 2);
    });
  }

  it("is none when the setting was turned off before the answer", async () => {
    set(true);
    set(false);
    await answer(true);
    assert.deepEqual([remembered, consent.isGiven], [undefined, false]);
  });

  it("is none where no dialog can be shown, nor is anything else that is remembered", async () => {
    set(true);
    asked[0]?.reject(new Error("refused to show dialog in tests"));
    await turn();
    assert.equal(consent.isGiven, false);
    set(false);
    set(true);
    await answer("Cancel" as unknown as boolean);
    assert.equal(remembered, "refused");
    for (const stored of [true, "yes", 1, {}, ["allowed"], "Allowed"]) {
      remembered = stored;
      assert.equal(consent.isGiven, false, JSON.stringify(stored));
    }
  });
});
