import assert from "node:assert/strict";
import { EndpointPermissions } from "../../../../src/account/endpointPermissions.ts";
import { accountBinding } from "../../../../src/account/endpoints.ts";
import { VerifiedMemento } from "../../../../src/editor/vscode/verifiedMemento.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { createLogger } from "../../../../src/platform/logger.ts";
import { ForgetfulMemento } from "../../../support/forgetfulMemento.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("The global state", () => {
  it("of VS Code forgets what is written while the event of an earlier change is on its way", async () => {
    const memento = new ForgetfulMemento();
    const one = memento.update("one", 1);
    await turn();
    await Promise.all([one, memento.update("two", 2)]);
    assert.deepEqual([memento.get("one"), memento.get("two")], [1, undefined]);
  });

  it("keeps all that is written in quick succession, and answers with it at once", async () => {
    const shared = { stored: "{}" };
    const memento = new VerifiedMemento(new ForgetfulMemento(shared));
    const writes: Promise<void>[] = [];
    for (let count = 0; count < 20; count += 1) {
      writes.push(memento.update(`key ${count % 7}`, { count }));
      assert.deepEqual(memento.get(`key ${count % 7}`), { count });
      if (count % 3 === 0) await turn();
    }
    await Promise.all(writes);
    await turn();
    await turn();
    const another = new ForgetfulMemento(shared);
    for (let key = 0; key < 7; key += 1) {
      const last = [...Array(20).keys()].filter((count) => count % 7 === key).at(-1);
      assert.deepEqual(memento.get(`key ${key}`), { count: last });
      assert.deepEqual(another.get(`key ${key}`), { count: last });
    }
  });

  it("answers with what it was given when it cannot be written, and does not try for ever", async () => {
    let updates = 0;
    const memento = new VerifiedMemento({
      get: () => "older",
      async update() {
        updates += 1;
      },
    });
    await memento.update("key", "newer");
    assert.equal(memento.get("key"), "newer");
    assert.ok(updates > 1 && updates < 10, `${updates} updates`);
  });

  it("does not write an older value again when a newer one has been kept meanwhile", async () => {
    const written: unknown[] = [];
    const older = Promise.withResolvers<void>();
    let stored: unknown;
    const memento = new VerifiedMemento({
      get: () => stored,
      async update(_key, value) {
        written.push(value);
        stored = value;
        if (value === "older") await older.promise;
      },
    });
    const first = memento.update("key", "older");
    await memento.update("key", "newer");
    older.resolve();
    await first;
    assert.deepEqual([memento.get("key"), written], ["newer", ["older", "newer"]]);
  });

  it("rejects as VS Code does, and still knows the value", async () => {
    const memento = new VerifiedMemento({
      get: () => undefined,
      update: () => Promise.reject(new Error("the disk is full")),
    });
    await assert.rejects(memento.update("key", "value"), /the disk is full/);
    assert.equal(memento.get("key"), "value");
  });

  for (const [what, update] of [
    ["cannot be kept", async () => {}],
    ["is refused", () => Promise.reject(new Error("the disk is full"))],
  ] as const) {
    it(`follows another window though its own value ${what}`, async () => {
      let stored: unknown = "older";
      const memento = new VerifiedMemento({ get: () => stored, update });
      await memento.update("key", "ours").catch(() => {});
      assert.equal(memento.get("key"), "ours");
      stored = "theirs";
      assert.equal(memento.get("key"), "theirs");
      stored = "older";
      assert.equal(memento.get("key"), "older", "the window is followed from then on");
    });
  }

  it("answers with its own value while that is written, whatever earlier changes are heard of", async () => {
    let stored: unknown = "older";
    const writing = Promise.withResolvers<void>();
    const memento = new VerifiedMemento({ get: () => stored, update: () => writing.promise });
    const written = memento.update("key", "ours");
    stored = "earlier";
    assert.equal(memento.get("key"), "ours");
    stored = "ours";
    writing.resolve();
    await written;
    stored = "older";
    assert.equal(memento.get("key"), "older");
  });

  it("follows another window once its own value is kept", async () => {
    const shared = { stored: "{}" };
    const inner = new ForgetfulMemento(shared);
    const memento = new VerifiedMemento(inner);
    await memento.update("key", "ours");
    await turn();
    await new ForgetfulMemento(shared).update("key", "theirs");
    inner.hear();
    assert.equal(memento.get("key"), "theirs");
  });
});

describe("An address that the person allows", () => {
  it("holds in this window though the global state forgets it, until the account is gone", async () => {
    const endpoints = new EndpointPermissions({
      memory: { get: () => undefined, update: async () => {} },
      ask: async () => true,
      clock: systemClock,
      log: createLogger(() => ({ debug() {}, info() {}, warn() {}, error() {} })),
    });
    const binding = accountBinding("https://issuer.example");
    await endpoints.request(binding, ["https://api.example/v1"]);
    assert.equal(endpoints.isAllowed(binding, "https://api.example/v1"), true);
    assert.equal(endpoints.isAllowed(binding, "https://other.example/v1"), false);
    await endpoints.forget(binding);
    assert.equal(endpoints.isAllowed(binding, "https://api.example/v1"), false);
  });
});
