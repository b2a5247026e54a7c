import assert from "node:assert/strict";
import { silenceLimitMs } from "../../../src/openai/silenceTimer.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { answers, faults } from "../../fakeApi/answers.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { eventually } from "../../support/timing.ts";
import { CollectedAnswer, type Fixture, startFixture } from "./fixture.ts";
import { problemOf, sendTo } from "./responseFixture.ts";

describe("a chat request", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture();
  });
  afterEach(() => fixture.stop());

  describe("that fails and could be repeated", () => {
    it("is, with growing pauses, while nothing was shown", async () => {
      fixture.fakeApi.next(faults.server, faults.broken, { parts: [], end: "lost" });
      const collected = new CollectedAnswer();
      await fixture.send({ collected });
      assert.equal(collected.whole, "Hello from the fake API.");
      assert.deepEqual(
        fixture.clock.pauses.filter((ms) => ms < 1000),
        [200, 400, 800],
      );
    });

    it("is not, once text was shown", async () => {
      for (const end of ["lost", "ended", { failed: { code: "server_error" } }] as const) {
        fixture.fakeApi.next({ parts: [{ text: "Half an ans" }], end });
        const collected = new CollectedAnswer();
        const before = fixture.fakeApi.responses.length;
        assert.ok(["streamLost", "serviceFailed"].includes((await fixture.failure({ collected })).code));
        assert.equal(collected.whole, "Half an ans");
        assert.equal(fixture.fakeApi.responses.length, before + 1);
      }
    });

    it("is not, once a tool was called", async () => {
      fixture.fakeApi.next({ ...answers.calls({ name: "rm", arguments: {} }), end: "lost" });
      const collected = new CollectedAnswer();
      assert.equal((await fixture.failure({ collected })).code, "streamLost");
      assert.equal(collected.calls.length, 1);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("waits no longer once it is cancelled", async () => {
      fixture.fakeApi.usually(() => faults.server);
      const abort = new AbortController();
      const clock = {
        ...systemClock,
        after: (ms: number, callback: () => void) => {
          if (ms < 1000) queueMicrotask(() => abort.abort(new Error("stopped")));
          return systemClock.after(ms < 1000 ? 3_600_000 : ms, callback);
        },
      };
      await assert.rejects(fixture.send({ signal: abort.signal, clock }), /^Error: stopped$/);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });
  });

  describe("that is cancelled", () => {
    it("closes the socket at once, in the middle of an answer", async () => {
      fixture.fakeApi.next({ parts: [{ text: "And then" }], end: "hang" });
      const abort = new AbortController();
      const collected = new CollectedAnswer();
      collected.onText = () => abort.abort(new Error("stopped"));
      await assert.rejects(fixture.send({ collected, signal: abort.signal }), /^Error: stopped$/);
      const [record] = fixture.fakeApi.responses;
      await record?.closed;
      assert.ok(record?.abandonedAt);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("is not sent when it was cancelled before", async () => {
      await assert.rejects(fixture.send({ signal: AbortSignal.abort(new Error("stopped")) }), /^Error: stopped$/);
      assert.equal(fixture.fakeApi.responses.length, 0);
    });
  });

  it("ends after five minutes of silence, and not before", async () => {
    fixture.fakeApi.next({ parts: [{ text: "a" }], end: "hang" });
    let now = 0;
    let check: (() => void) | undefined;
    const armed: number[] = [];
    const clock = {
      // Set back at every look.
      now: () => -now,
      elapsed: () => now,
      after: (ms: number, callback: () => void) => {
        if (ms < 10_000) return systemClock.after(ms, callback);
        armed.push(ms);
        check = callback;
        return { dispose: () => {} };
      },
    };
    const collected = new CollectedAnswer();
    const shown = new Promise<void>((resolve) => {
      collected.onText = resolve;
    });
    now = 60_000;
    const failed = fixture.failure({ collected, clock });
    await shown;
    now += silenceLimitMs - 20_000;
    check?.();
    now += 20_000;
    check?.();
    assert.equal((await failed).code, "silent");
    assert.deepEqual(armed, [silenceLimitMs, 20_000]);
    await fixture.fakeApi.responses[0]?.closed;
  });

  it("does not end while something comes within five minutes, an answer or JSON in its place", async () => {
    for (const [pieces, expected] of [
      [[": ping\n\n", ": ping\n\n", 'data: {"type":"response.completed","response":{"id":"r"}}\n\n'], "r"],
      [['{"error":', "{", '"code":"insufficient_quota"}}'], "quotaExceeded"],
    ] as const) {
      const clock = new ManualClock(0);
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const stream = new ReadableStream<Uint8Array>({
        start: (its) => {
          controller = its;
        },
      });
      const answer: typeof fetch = async (_url, init) => {
        init?.signal?.addEventListener("abort", () => controller?.error(init.signal?.reason));
        return new Response(stream);
      };
      const sent = sendTo(answer, { clock });
      const ended = problemOf(sent).then(async (code) => code ?? (await sent).id);
      for (const piece of pieces) {
        await clock.advance(silenceLimitMs - 1);
        controller?.enqueue(new TextEncoder().encode(piece));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.equal(await ended, expected);
    }
  });

  it("leaves the connection to the next request, and no listener or timer behind", async () => {
    let listeners = 0;
    const watched = (signal: AbortSignal) => {
      signal.addEventListener = () => {
        listeners += 1;
      };
      signal.removeEventListener = () => {
        listeners -= 1;
      };
      return signal;
    };
    const signal = watched(new AbortController().signal);
    const clock = new ManualClock();
    const { any } = AbortSignal;
    let joined = 0;
    AbortSignal.any = (signals) => {
      joined += 1;
      return watched(any(signals));
    };
    try {
      for (let count = 0; count < 20; count += 1) await fixture.send({ signal, clock });
    } finally {
      AbortSignal.any = any;
    }
    assert.equal(joined, 20);
    assert.equal(listeners, 0);
    await eventually(() => assert.equal(clock.pending, 0));
    // Two, because a request may begin while the last bytes of the one before are read.
    assert.ok((await fixture.connections()) <= 2);
  });
});
