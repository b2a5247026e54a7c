import assert from "node:assert/strict";
import { VerifiedMemento } from "../../../../src/editor/vscode/verifiedMemento.ts";
import { ForgetfulMemento, WatchedMemory } from "../../../support/forgetfulMemento.ts";
import { type ConsumerFixture, consumer, createConsumerFixture, is } from "./consumerFixture.ts";

describe("What the person has answered about extensions", () => {
  let { memory, open, request, answer, decide } = {} as ConsumerFixture;
  beforeEach(() => {
    ({ memory, open, request, answer, decide } = createConsumerFixture());
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

  describe("in several windows", () => {
    /** A window's global state, as the extension uses it. */
    const memoryOf = (memento: ForgetfulMemento) => new WatchedMemory(new VerifiedMemento(memento));

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
