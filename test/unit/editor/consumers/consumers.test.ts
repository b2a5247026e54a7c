import assert from "node:assert/strict";
import type { Answer, Consumer } from "../../../../src/editor/consumers/answers.ts";
import type { ProblemCode } from "../../../../src/shared/problem.ts";
import { settle } from "../../../support/vscodeStub/stub.ts";
import { type ConsumerFixture, consumer, createConsumerFixture, is } from "./consumerFixture.ts";

describe("An extension that uses models", () => {
  let fixture: ConsumerFixture;
  let { clock, log, asked, setting, open, request, answer, decide, consumers } = {} as ConsumerFixture;
  beforeEach(() => {
    fixture = createConsumerFixture();
    ({ clock, log, asked, setting, open, request, answer, decide, consumers } = fixture);
  });

  it("is asked for once, in every window, and by many requests at once in one question", async () => {
    const waiting = Promise.all([request(), request(), request()]);
    await answer("allowed");
    assert.deepEqual(await waiting, [true, true, true]);
    assert.equal(await request(), false);
    assert.equal(await request(consumer, open()), false);
    assert.deepEqual(
      asked.map(({ consumer }) => consumer),
      [consumer],
    );
    consumers.assertAllowed(consumer);
  });

  it("is refused until the person takes the answer back, also where the settings allow it meanwhile", async () => {
    const waiting = Promise.allSettled([request(), request()]);
    await answer("refused");
    for (const outcome of await waiting)
      assert.ok(outcome.status === "rejected" && is("extensionRefused")(outcome.reason));
    for (const window of [consumers, open()]) {
      await assert.rejects(request(consumer, window), is("extensionRefused"));
      assert.throws(() => window.assertAllowed(consumer), is("extensionRefused"));
    }
    // Any extension may write the settings.
    setting.ids = [consumer.extension];
    await assert.rejects(request(), is("extensionRefused"));
    assert.throws(() => consumers.assertAllowed(consumer), is("extensionRefused"));
    setting.ids = [];
    consumers.forget(consumer);
    assert.deepEqual(consumers.list(), []);
    await decide("allowed");
    assert.equal(await request(), false);
    assert.equal(asked.length, 2);
  });

  it("is asked for again after the person has taken a yes back, and not served meanwhile", async () => {
    await decide("allowed");
    consumers.forget(consumer);
    for (const window of [consumers, open()]) {
      assert.throws(() => window.assertAllowed(consumer), is("extensionNotAllowed"));
    }
    void request().catch(() => {});
    await settle();
    assert.equal(asked.length, 2);
  });

  for (const [what, other] of [
    ["another extension", { ...consumer, extension: "another.extension" }],
    ["all the unknown ones", { ...consumer, extension: "unknown" }],
    ["another account", { ...consumer, payer: "account-2" }],
    ["the account's API key", { ...consumer, pays: "accountKey" }],
    ["an API key", { ...consumer, pays: "ownKey", payer: "API key 0123" }],
    ["an odd one", { extension: "__proto__.constructor", pays: "plan", payer: "__proto__" }],
  ] as [string, Consumer][]) {
    it(`gives nothing on to ${what}`, async () => {
      await decide("allowed");
      assert.throws(() => consumers.assertAllowed(other), is("extensionNotAllowed"));
      await decide("refused", other);
      assert.deepEqual(asked[1]?.consumer, other);
      assert.equal(await request(), false);
      assert.deepEqual(consumers.list(), [
        { ...consumer, answer: "allowed" },
        { ...other, answer: "refused" },
      ]);
    });
  }

  it("is asked about after another one, not over it", async () => {
    const other = { ...consumer, extension: "another.extension" };
    const waiting = [request(), request(other)];
    await settle();
    assert.equal(asked.length, 1);
    await answer("allowed");
    assert.equal(asked.length, 2);
    await answer("allowed");
    assert.deepEqual(await Promise.all(waiting), [true, true]);
  });

  it("is not asked about in a second window's dialog when the answer has come before its turn", async () => {
    const other = { ...consumer, extension: "another.extension" };
    const waiting = [request(), request(other)];
    await settle();
    await decide("allowed", other, open());
    assert.equal(asked.length, 2);
    asked[0]?.resolve("allowed");
    assert.deepEqual(await Promise.all(waiting), [true, true]);
    assert.equal(asked.length, 2);
  });

  describe("when the person puts the answer off", () => {
    const tries = async (code: ProblemCode = "extensionNotAllowed") => {
      await assert.rejects(request(), is(code));
      return asked.length;
    };

    it("is not asked for again in a burst of requests, but after it", async () => {
      const waiting = Promise.allSettled([request(), request()]);
      await answer(undefined);
      for (const { status } of await waiting) assert.equal(status, "rejected");
      for (let count = 0; count < 5; count += 1) {
        await clock.advance(59_000);
        assert.equal(await tries(), 1);
      }
      await clock.advance(60_000);
      await decide("allowed");
      assert.equal(asked.length, 2);
      assert.equal(await request(), false);
    });

    it("is asked for again after ten minutes, however often it tries, and at once in a new window", async () => {
      await decide(undefined);
      for (let count = 0; count < 19; count += 1) {
        await clock.advance(30_000);
        assert.equal(await tries(), 1);
      }
      await clock.advance(30_000);
      await decide(undefined);
      assert.equal(asked.length, 2);
      void request(consumer, open()).catch(() => {});
      await settle();
      assert.equal(asked.length, 3);
      assert.deepEqual(consumers.list(), []);
    });

    it("is asked for at once when the person takes back what they have answered elsewhere meanwhile", async () => {
      await decide(undefined);
      await decide("refused", consumer, open());
      assert.equal(consumers.list().length, 1);
      consumers.forget(consumer);
      await decide("allowed");
      assert.equal(asked.length, 3);
    });

    it("keeps no other extension from being asked for", async () => {
      await decide(undefined);
      const other = { ...consumer, extension: "b.b" };
      await decide("allowed", other);
      assert.equal(await request(other), false);
    });

    it("is not asked for again because another account or key pays: it can change the mode itself", async () => {
      const others: Consumer[] = [
        { ...consumer, pays: "accountKey" },
        { ...consumer, pays: "ownKey", payer: "API key 0123" },
      ];
      const waiting = [consumer, ...others].map((one) => assert.rejects(request(one), is("extensionNotAllowed")));
      await answer(undefined);
      await Promise.all(waiting);
      for (const other of others) await assert.rejects(request(other), is("extensionNotAllowed"));
      assert.equal(asked.length, 1);
      await clock.advance(60_000);
      await decide("allowed", others[0]);
      assert.equal(asked.length, 2);
    });
  });

  it("waits five minutes for an answer; a later one still counts", async () => {
    const waiting = assert.rejects(request(), is("extensionNotAllowed"));
    await settle();
    await clock.advance(5 * 60_000);
    await waiting;
    void request().catch(() => {});
    await settle();
    assert.equal(asked.length, 1, "the question is still there");
    await answer("allowed");
    assert.equal(await request(), false);
  });

  it("may stop a request while the person thinks, and the answer counts", async () => {
    const abort = new AbortController();
    const waiting = assert.rejects(consumers.request(consumer, abort.signal), /stopped/);
    await settle();
    abort.abort(new Error("stopped"));
    await waiting;
    await answer("allowed");
    assert.equal(await request(), false);
    await assert.rejects(consumers.request(consumer, abort.signal), /stopped/);
  });

  it("is not allowed by a dialog that fails or answers oddly", async () => {
    for (const odd of ["Allow", true, 1, {}, null]) {
      const window = open();
      const waiting = assert.rejects(request(consumer, window), is("extensionNotAllowed"), String(odd));
      await answer(odd as unknown as Answer);
      await waiting;
      // It was no answer, so there is another question.
      await clock.advance(60_000);
      const before = asked.length;
      await decide(undefined, consumer, window);
      assert.equal(asked.length, before + 1);
    }
    const waiting = assert.rejects(request(consumer, open()), is("extensionNotAllowed"));
    await settle();
    asked.at(-1)?.reject(new Error("Bearer abc"));
    await waiting;
    assert.ok(!log.join().includes("Bearer"));
  });

  it("tells the panel of each answer", async () => {
    let told = 0;
    consumers.onDidChange(() => told++);
    await decide("allowed");
    consumers.forget(consumer);
    consumers.block(consumer);
    assert.equal(told, 3);
  });

  it("is served though the answer cannot be remembered, in this window", async () => {
    const window = open({ get: () => undefined, update: () => Promise.reject(new Error("full")) });
    await decide("allowed", consumer, window);
    assert.equal(await request(consumer, window), false);
    assert.match(log.join(), /not written/);
  });
});
