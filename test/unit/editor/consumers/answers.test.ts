import assert from "node:assert/strict";
import { ForgetfulMemento, WatchedMemory } from "../../../support/forgetfulMemento.ts";
import { settle } from "../../../support/vscodeStub/stub.ts";
import { type ConsumerFixture, consumer, createConsumerFixture, is } from "./consumerFixture.ts";

describe("What the person has answered about extensions", () => {
  let { memory, open, consumers, request, answer, decide } = {} as ConsumerFixture;
  beforeEach(() => {
    ({ memory, open, consumers, request, answer, decide } = createConsumerFixture());
  });

  it("is nothing that odd values in the memory could mean", async () => {
    const entry = { ...consumer, answer: "allowed", turn: 1 };
    for (const odd of [
      "allowed",
      { [consumer.extension]: "allowed" },
      [null, 1, "some.extension", [consumer.extension, "allowed"]],
      [{ ...entry, answer: "yes" }],
      [{ ...entry, answer: true }],
      [{ ...entry, turn: "1" }],
      [{ ...entry, pays: "everything" }],
      [{ ...entry, extension: ["some.extension"] }],
    ]) {
      await memory.update("modelConsumers", odd);
      assert.throws(() => open().assertAllowed(consumer), is("extensionNotAllowed"), JSON.stringify(odd));
      assert.deepEqual(open().list(), []);
    }
    await memory.update("modelConsumers", [null, entry]);
    open().assertAllowed(consumer);
  });

  it("is written though an earlier write never ends", async () => {
    let stored: unknown;
    const here = open({
      get: () => stored,
      update: (_key, value) => {
        stored = structuredClone(value);
        return new Promise<void>(() => {});
      },
    });
    const second = { ...consumer, extension: "another.extension" };
    here.block(consumer);
    here.block(second);
    here.forget(consumer);
    const restarted = open({ get: () => stored, update: async () => {} });
    assert.deepEqual(restarted.list(), [{ ...second, answer: "refused" }]);
  });

  it("is not written again by looking at it while a write is under way", async () => {
    let writes = 0;
    const here = open({
      get: () => undefined,
      update: () => {
        writes += 1;
        return new Promise<void>(() => {});
      },
    });
    here.block(consumer);
    here.list();
    assert.equal(writes, 1);
  });

  describe("in several windows", () => {
    /** A window's global state, as the extension uses it. */
    const memoryOf = (memento: ForgetfulMemento) => new WatchedMemory(memento);

    it("stays taken back, though another window writes what it knew", async () => {
      const storage = { stored: "{}" };
      const memento = new ForgetfulMemento(storage);
      const memoryHere = memoryOf(memento);
      const consumers = open(memoryHere);
      await decide("allowed", consumer, consumers);
      await memoryHere.idle();
      const other = new ForgetfulMemento(storage);
      const memoryThere = memoryOf(other);
      const there = open(memoryThere);
      there.assertAllowed(consumer);
      consumers.forget(consumer);
      await memoryHere.idle();
      // The other window has not heard of that, and writes all that it knows.
      const waiting = request({ ...consumer, payer: "account-2" }, there);
      await answer("allowed");
      await waiting;
      await memoryThere.idle();
      memento.hear();
      assert.throws(() => consumers.assertAllowed(consumer), is("extensionNotAllowed"));
      consumers.list();
      await memoryHere.idle();
      other.hear();
      assert.throws(() => there.assertAllowed(consumer), is("extensionNotAllowed"));
      for (const { payer } of [...there.list(), ...consumers.list()]) assert.equal(payer, "account-2");
      assert.equal(there.list().length, 1);
    });

    it("stays taken back when this window hears of it while its own answer is written", async () => {
      await decide("allowed");
      const before = memory.get("modelConsumers");
      const other = open();
      other.forget(consumer);
      await settle();
      const takenBack = memory.get("modelConsumers");
      // What is written first is lost: the event with what the other window has written replaces it.
      let stored = before;
      let writes = 0;
      const here = open({
        get: () => stored,
        update: async (_key, value) => {
          writes += 1;
          stored = structuredClone(writes === 1 ? takenBack : value);
        },
      });
      here.assertAllowed(consumer);
      const second = { ...consumer, payer: "account-2" };
      await decide("allowed", second, here);
      assert.equal(writes, 2);
      assert.throws(() => here.assertAllowed(consumer), is("extensionNotAllowed"));
      const restarted = open({ get: () => stored, update: async () => {} });
      assert.throws(() => restarted.assertAllowed(consumer), is("extensionNotAllowed"));
      restarted.assertAllowed(second);
    });

    it("ends here when it is taken back elsewhere, though nothing can be written here", async () => {
      await decide("allowed");
      const here = open({ get: (key) => memory.get(key), update: () => Promise.reject(new Error("full")) });
      const second = { ...consumer, payer: "account-2" };
      await decide("allowed", second, here);
      here.assertAllowed(consumer);
      open().forget(consumer);
      assert.throws(() => here.assertAllowed(consumer), is("extensionNotAllowed"));
      here.assertAllowed(second);
    });

    it("is written again whenever it is looked at, where another window has overwritten it", async () => {
      await decide("refused");
      await memory.update("modelConsumers", []);
      assert.throws(() => consumers.assertAllowed(consumer), is("extensionRefused"));
      await settle();
      assert.throws(() => open().assertAllowed(consumer), is("extensionRefused"));
    });

    it("is not written for ever where nothing is kept", async () => {
      let writes = 0;
      const here = open({ get: () => undefined, update: async () => void writes++ });
      await decide("refused", consumer, here);
      await settle();
      assert.ok(writes > 1 && writes < 30, `${writes} writes`);
    });

    it("ends here when it is taken back elsewhere", async () => {
      const [one, other] = [open(), open()];
      const waiting = request(consumer, one);
      await answer("allowed");
      await waiting;
      other.forget(consumer);
      assert.throws(() => one.assertAllowed(consumer), is("extensionNotAllowed"));
    });

    it("is the no of two answers at once", async () => {
      for (const [first, second] of [
        ["allowed", "refused"],
        ["refused", "allowed"],
      ] as const) {
        const storage = { stored: "{}" };
        const [one, other] = [new ForgetfulMemento(storage), new ForgetfulMemento(storage)];
        const memories = [memoryOf(one), memoryOf(other)] as const;
        const [here, there] = [open(memories[0]), open(memories[1])];
        const idle = () => Promise.all(memories.map((memory) => memory.idle()));
        for (const [window, given] of [
          [here, first],
          [there, second],
        ] as const) {
          const waiting = request(consumer, window).catch(() => {});
          await answer(given);
          await waiting;
          await idle();
        }
        one.hear();
        other.hear();
        // The window that knew otherwise hears of it, and writes what it knows.
        for (const window of [here, there, here]) {
          window.list();
          await idle();
          one.hear();
          other.hear();
        }
        for (const window of [here, there]) assert.throws(() => window.assertAllowed(consumer), is("extensionRefused"));
      }
    });
  });
});
