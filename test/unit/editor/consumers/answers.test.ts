import assert from "node:assert/strict";
import { VerifiedMemento } from "../../../../src/editor/vscode/verifiedMemento.ts";
import { ForgetfulMemento } from "../../../support/forgetfulMemento.ts";
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
    const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

    it("stays taken back, though another window writes what it knew", async () => {
      const storage = { stored: "{}" };
      const memento = new ForgetfulMemento(storage);
      const consumers = open(new VerifiedMemento(memento));
      await decide("allowed", consumer, consumers);
      await turn();
      const other = new ForgetfulMemento(storage);
      const there = open(new VerifiedMemento(other));
      there.assertAllowed(consumer);
      consumers.forget(consumer);
      await turn();
      // The other window has not heard of that, and writes all that it knows.
      const waiting = request({ ...consumer, payer: "account-2" }, there);
      await answer("allowed");
      await waiting;
      await turn();
      memento.hear();
      assert.throws(() => consumers.assertAllowed(consumer), is("extensionNotAllowed"));
      consumers.list();
      await turn();
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
        const [here, there] = [open(new VerifiedMemento(one)), open(new VerifiedMemento(other))];
        for (const [window, given] of [
          [here, first],
          [there, second],
        ] as const) {
          const waiting = request(consumer, window).catch(() => {});
          await answer(given);
          await waiting;
          await turn();
        }
        one.hear();
        other.hear();
        // The window that knew otherwise hears of it, and writes what it knows.
        for (const window of [here, there, here]) {
          window.list();
          await turn();
          one.hear();
          other.hear();
        }
        for (const window of [here, there]) assert.throws(() => window.assertAllowed(consumer), is("extensionRefused"));
      }
    });
  });
});
