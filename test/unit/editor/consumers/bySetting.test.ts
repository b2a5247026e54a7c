import assert from "node:assert/strict";
import { settle } from "../../../support/vscodeStub/stub.ts";
import { type ConsumerFixture, consumer, createConsumerFixture, is } from "./consumerFixture.ts";

describe("An extension that the settings allow to use models", () => {
  let { clock, asked, setting, open, request, answer, decide, consumers } = {} as ConsumerFixture;
  beforeEach(() => {
    ({ clock, asked, setting, open, request, answer, decide, consumers } = createConsumerFixture());
    setting.ids = [consumer.extension];
  });
  const bySetting = () => asked.map((question) => question.bySetting);

  it("does not wait for the answer, and the person is told, and can answer", async () => {
    assert.equal(await request(), false);
    assert.equal(await request(), false);
    await settle();
    assert.deepEqual(bySetting(), [true]);
    assert.deepEqual(consumers.list(), [{ ...consumer, answer: "setting" }]);
    await answer("allowed");
    setting.ids = [];
    assert.equal(await request(), false);
    assert.equal(asked.length, 1);
  });

  it("is refused from the moment that the person says so, in every window", async () => {
    await decide("refused");
    for (const window of [consumers, open()]) {
      await assert.rejects(request(consumer, window), is("extensionRefused"));
      assert.throws(() => window.assertAllowed(consumer), is("extensionRefused"));
    }
  });

  it("waits for the answer where another account or key pays, once the person has refused it", async () => {
    const other = { ...consumer, payer: "account-2" };
    await decide("refused");
    assert.throws(() => consumers.assertAllowed(other), is("extensionNotAllowed"));
    await decide("allowed", other);
    assert.deepEqual(bySetting(), [true, false]);
    assert.equal(await request(other), false);
  });

  it("is refused when the person blocks it in the panel, though the question is still open", async () => {
    await request();
    consumers.block(consumer);
    await assert.rejects(request(), is("extensionRefused"));
    assert.deepEqual(consumers.list(), [{ ...consumer, answer: "refused" }]);
    await answer(undefined);
    await assert.rejects(request(), is("extensionRefused"));
    assert.equal(asked.length, 1);
  });

  it("is told of again while there is no answer, also after a restart, and stays listed", async () => {
    await request();
    await request();
    await decide(undefined);
    assert.equal(await request(), false);
    await settle();
    assert.equal(asked.length, 1, "not in a burst");
    await clock.advance(60_000);
    assert.equal(await request(), false);
    await settle();
    assert.equal(asked.length, 2);
    const restarted = open();
    assert.deepEqual(restarted.list(), [{ ...consumer, answer: "setting" }]);
    await request(consumer, restarted);
    await settle();
    assert.equal(asked.length, 3);
  });

  it("waits for the answer once the settings no longer allow it, and stays listed", async () => {
    await decide(undefined);
    setting.ids = [];
    assert.throws(() => consumers.assertAllowed(consumer), is("extensionNotAllowed"));
    assert.deepEqual(consumers.list(), [{ ...consumer, answer: "setting" }]);
    // Also at once: the notification may have been closed by the extension.
    await decide("allowed");
    assert.deepEqual(bySetting(), [true, false]);
    assert.equal(await request(), false);
  });

  it("is asked about at once though another question about it was put off: it may have written the settings", async () => {
    setting.ids = [];
    await decide(undefined);
    setting.ids = [consumer.extension];
    for (const used of [consumer, { ...consumer, payer: "account-2" }]) {
      await decide(undefined, used);
      assert.deepEqual(asked.at(-1)?.consumer, used);
    }
    assert.deepEqual(bySetting(), [false, true, true]);
  });

  describe("that it has written again after the person put its dialog off", () => {
    const other = { ...consumer, payer: "account-2" };
    /** The setting is taken away, and the dialog put off; then the extension writes the setting again, and keeps trying. */
    const putOffAndWritten = async (about = consumer, again = about) => {
      setting.ids = [];
      await decide(undefined, about);
      assert.equal(asked.at(-1)?.bySetting, false);
      setting.ids = [consumer.extension];
      const before = asked.length;
      for (let count = 0; count < 19; count += 1) {
        assert.equal(await request(again), false);
        await settle();
        await clock.advance(30_000);
      }
      return bySetting().slice(before);
    };

    it("is told of again, though the notification before is still open", async () => {
      await request();
      assert.deepEqual(await putOffAndWritten(), [true]);
    });

    it("is told of again, though the notification before has been closed", async () => {
      await decide(undefined);
      assert.deepEqual(await putOffAndWritten(), [true]);
    });

    it("is told of again, though another account or key pays that it was told of", async () => {
      await request();
      await request(other);
      assert.deepEqual(await putOffAndWritten(consumer, other), [true]);
    });

    it("is told of again, though the notification before is closed only now", async () => {
      await request();
      await settle();
      setting.ids = [];
      await decide(undefined);
      asked[0]?.resolve(undefined);
      await settle();
      setting.ids = [consumer.extension];
      await request();
      assert.deepEqual(bySetting(), [true, false, true]);
    });

    it("is told of while the dialog is open, and again after it", async () => {
      await request();
      setting.ids = [];
      const waiting = assert.rejects(request(other), is("extensionNotAllowed"));
      await settle();
      setting.ids = [consumer.extension];
      await request();
      assert.deepEqual(bySetting(), [true, false, true]);
      setting.ids = [];
      asked[1]?.resolve(undefined);
      await waiting;
      setting.ids = [consumer.extension];
      await request();
      await request();
      assert.deepEqual(bySetting(), [true, false, true, true]);
    });
  });

  it("is told of again after the person has removed it, though the notification is still open", async () => {
    await request();
    consumers.forget(consumer);
    await request();
    assert.deepEqual(bySetting(), [true, true]);
  });

  it("is not allowed with an account or key that it was never listed with", async () => {
    await request();
    assert.throws(() => consumers.assertAllowed({ ...consumer, payer: "account-2" }), is("extensionNotAllowed"));
    consumers.forget(consumer);
    assert.throws(() => consumers.assertAllowed(consumer), is("extensionNotAllowed"));
  });

  it("keeps no other question waiting while nobody answers the notification", async () => {
    await request();
    const other = { ...consumer, extension: "another.extension" };
    const requested = request(other);
    await settle();
    assert.deepEqual(bySetting(), [true, false]);
    await answer("allowed");
    assert.equal(await requested, true);
  });

  it("is asked about in a dialog once the settings no longer allow it, though the notification is still open", async () => {
    await request();
    setting.ids = [];
    const requested = request();
    await settle();
    assert.deepEqual(bySetting(), [true, false]);
    await answer("allowed");
    assert.equal(await requested, true);
  });

  it("is listed at once", async () => {
    let told = 0;
    consumers.onDidChange(() => told++);
    await request();
    assert.equal(told, 1);
  });
});
