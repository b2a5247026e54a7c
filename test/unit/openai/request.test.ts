import assert from "node:assert/strict";
import { retryLimit, sendRequest, silenceLimitMs } from "../../../src/openai/request.ts";
import { failureSentence, RequestError, type RequestFailureKind } from "../../../src/openai/requestError.ts";
import type { RequestBody } from "../../../src/openai/responses.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { answers, faults, type Script } from "../../fakeApi/answers.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { type Fixture, Heard, startFixture } from "./fixture.ts";

describe("a chat request", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture();
  });
  afterEach(() => fixture.stop());

  it("goes to the ChatGPT service with its headers and rules", async () => {
    fixture.credentials.chatgpt = { bearer: "b1", accountId: "acc-9", fedramp: true };
    const heard = new Heard();
    const done = await fixture.send({ heard });
    assert.equal(heard.whole, "Hello from the stand-in.");
    assert.deepEqual(done.usage, { inputTokens: 120, cachedInputTokens: 64, outputTokens: 30, reasoningTokens: 10 });
    const [record] = fixture.fakeApi.responses;
    assert.ok(record);
    assert.equal(record.path, "/backend-api/codex/responses");
    assert.equal(record.headers.authorization, "Bearer b1");
    assert.equal(record.headers["chatgpt-account-id"], "acc-9");
    assert.equal(record.headers["x-openai-fedramp"], "true");
    assert.equal(record.headers.originator, "chatgpt_sign_in");
    assert.equal(record.headers["user-agent"], "chatgpt_sign_in/0.1.0 (linux; x64) vscode/1.104.0");
    assert.equal(record.headers.accept, "text/event-stream");
    assert.equal(record.headers["session-id"], "00000000-0000-8000-a000-000000000000");
    assert.equal(record.headers["thread-id"], record.headers["session-id"]);
    assert.equal(record.headers["x-client-request-id"], record.headers["session-id"]);
    assert.equal(record.headers["x-openai-internal-codex-responses-lite"], undefined);
    assert.equal(record.body.store, false);
    assert.equal(record.body.stream, true);
  });

  it("goes to the Platform with a key, and without the ChatGPT service's headers", async () => {
    const heard = new Heard();
    await fixture.send({ backend: fixture.platform, modelId: "gpt-4o", heard });
    const [record] = fixture.fakeApi.responses;
    assert.equal(heard.whole, "Hello from the stand-in.");
    assert.equal(record?.path, "/v1/responses");
    assert.equal(record?.headers.authorization, "Bearer sk-test-key-1");
    assert.equal(record?.headers["chatgpt-account-id"], undefined);
    assert.equal(record?.headers["session-id"], undefined);
    assert.equal(record?.body.include, undefined);
  });

  it("speaks the lite form where the model wants it", async () => {
    const heard = new Heard();
    await fixture.send({ modelId: "gpt-5.6-sol", heard, conversation: { tools: [{ name: "t", description: "d" }] } });
    assert.equal(heard.whole, "Hello from the stand-in.");
    assert.equal(fixture.fakeApi.responses[0]?.headers["x-openai-internal-codex-responses-lite"], "true");
  });

  it("hears reasoning, text and parallel tool calls in order", async () => {
    fixture.fakeApi.next({
      parts: [
        { reasoning: { encrypted: "enc-1", summary: "Let me see." } },
        { text: "Looking.", deltas: 3 },
        { toolCall: { name: "read", arguments: { path: "ä.ts" }, callId: "call_a" } },
        { toolCall: { name: "now", arguments: "", callId: "call_b" } },
      ],
    });
    const heard = new Heard();
    await fixture.send({ heard });
    assert.equal(heard.thoughts, "Let me see.");
    assert.equal(heard.whole, "Looking.");
    assert.deepEqual(heard.calls, [
      { type: "toolCall", callId: "call_a", name: "read", input: { path: "ä.ts" } },
      { type: "toolCall", callId: "call_b", name: "now", input: {} },
    ]);
    assert.equal(heard.reasoningItems[0]?.encryptedContent, "enc-1");
  });

  describe("with a credential that is refused", () => {
    it("renews once and replays once", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: (bearer) => bearer.endsWith("-renewed") };
      const heard = new Heard();
      await fixture.send({ heard });
      assert.equal(heard.whole, "Hello from the stand-in.");
      assert.equal(fixture.credentials.rejections.length, 1);
      assert.equal(fixture.fakeApi.responses.length, 2);
    });

    it("gives up when the renewed one is refused as well", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      assert.equal((await fixture.failure()).kind, "signInExpired");
      assert.equal(fixture.fakeApi.responses.length, 2);
      assert.equal((await fixture.failure({ backend: fixture.platform })).kind, "apiKeyRejected");
    });

    it("tells that the sign-in expired when it cannot be renewed", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      fixture.credentials.onRejected = () => Promise.reject(new Problem("needsSignIn"));
      const failure = await fixture.failure();
      assert.equal(failure.kind, "signInExpired");
      assert.match(failureSentence(failure), /Run “Sign in with ChatGPT” again/);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("passes on that the network kept it from being renewed", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      fixture.credentials.onRejected = () => Promise.reject(new Problem("unreachable"));
      const failure = await fixture.failure();
      assert.equal(failureSentence(failure), new Problem("unreachable").message);
    });
  });

  describe("that the service refuses", () => {
    const resetsAt = 1_800_000_000;
    const cases: readonly [Script, RequestFailureKind, RegExp, number][] = [
      [faults.usageLimit(resetsAt), "usageLimitReached", /usage limit of your ChatGPT plan\. Try again after \S+/, 1],
      [faults.usageNotIncluded, "usageNotIncluded", /does not include this use/, 1],
      [faults.quota, "quotaExceeded", /no quota left/, 1],
      [faults.rateLimit, "rateLimited", /fewer requests/, 1],
      [faults.overloaded, "overloaded", /overloaded at the moment/, 1 + retryLimit],
      [faults.server, "serverError", /failed to answer for the moment/, 1 + retryLimit],
      [{ status: 503, json: { error: { code: "token_expired" } } }, "overloaded", /overloaded at/, 1 + retryLimit],
      [{ status: 500, json: { error: { code: "invalid_api_key" } } }, "serverError", /failed to/, 1 + retryLimit],
      [faults.region, "regionBlocked", /this network's region/, 1],
      [faults.edge, "edgeBlocked", /protection page/, 1],
      [faults.scope, "forbidden", /does not allow this account or key/, 1],
      [faults.contextLength, "contextLengthExceeded", /too long for this model/, 1],
      [faults.portal, "unreadableAnswer", /could not be read/, 1],
      [faults.broken, "problem", /reached|did not answer/, 1 + retryLimit],
      [{ parts: [], end: { failed: { code: "cyber_policy" } } }, "contentRefused", /usage policies/, 1],
      [{ parts: [], end: { failed: { code: "insufficient_quota" } } }, "quotaExceeded", /no quota left/, 1],
      [{ parts: [], end: { failed: { code: "context_length_exceeded" } } }, "contextLengthExceeded", /too long/, 1],
      [{ parts: [], end: { failed: { code: "server_error" } } }, "serverError", /for the moment/, 1 + retryLimit],
      [{ parts: [], end: { incomplete: "content_filter" } }, "contentRefused", /usage policies/, 1],
      [{ parts: [], end: "lost" }, "streamLost", /connection broke/, 1 + retryLimit],
      [{ parts: [], end: "ended" }, "streamLost", /connection broke/, 1 + retryLimit],
    ];
    for (const [script, kind, sentence, requests] of cases) {
      it(`${kind}: ${JSON.stringify(script).slice(0, 60)}`, async () => {
        fixture.fakeApi.usually(() => script);
        const failure = await fixture.failure();
        assert.equal(failure.kind, kind);
        assert.match(failureSentence(failure), sentence);
        assert.equal(fixture.fakeApi.responses.length, requests);
      });
    }

    it("tells when the limit ends, in the person's time", async () => {
      fixture.fakeApi.next(faults.usageLimit(resetsAt));
      const failure = await fixture.failure();
      assert.deepEqual(failure, { kind: "usageLimitReached", resetsAt: resetsAt * 1000, plan: "plus" });
      assert.match(
        failureSentence(failure, (ms) => `<${ms}>`),
        /after <1800000000000>, or/,
      );
    });

    it("a model that the account does not have", async () => {
      const model = { ...fixture.model("gpt-5.5"), id: "gpt-9" };
      for (const backend of [fixture.chatgpt, fixture.platform]) {
        assert.equal((await fixture.failure({ backend, conversation: { model } })).kind, "modelNotSupported");
      }
    });

    it("a service that is not there", async () => {
      await fixture.stop();
      const failure = await fixture.failure();
      assert.equal(failureSentence(failure), new Problem("unreachable").message);
    });

    it("no word of the service's message or of the person reaches the error or the log", async () => {
      const canary = "canary text of a person";
      fixture.fakeApi.usually(() => ({ status: 400, json: { error: { code: canary, message: canary } } }));
      await assert.rejects(
        fixture.send(),
        (error) => error instanceof RequestError && !JSON.stringify({ ...error }).includes("canary"),
      );
      fixture.fakeApi.usually(() => ({ parts: [], end: { failed: { code: canary, message: canary } } }));
      await assert.rejects(fixture.send());
      assert.ok(fixture.log.length > 1);
      assert.ok(!fixture.log.join().includes("canary"));
    });
  });

  describe("that fails and could be repeated", () => {
    it("is, with growing pauses, while nothing was shown", async () => {
      fixture.fakeApi.next(faults.server, faults.broken, { parts: [], end: "lost" });
      const heard = new Heard();
      await fixture.send({ heard });
      assert.equal(heard.whole, "Hello from the stand-in.");
      assert.deepEqual(
        fixture.clock.pauses.filter((ms) => ms < 1000),
        [200, 400, 800],
      );
    });

    it("is not, once text was shown", async () => {
      for (const end of ["lost", "ended", { failed: { code: "server_error" } }] as const) {
        fixture.fakeApi.next({ parts: [{ text: "Half an ans" }], end });
        const heard = new Heard();
        const before = fixture.fakeApi.responses.length;
        assert.ok(["streamLost", "serverError"].includes((await fixture.failure({ heard })).kind));
        assert.equal(heard.whole, "Half an ans");
        assert.equal(fixture.fakeApi.responses.length, before + 1);
      }
    });

    it("is not, once a tool was called", async () => {
      fixture.fakeApi.next({ ...answers.calls({ name: "rm", arguments: {} }), end: "lost" });
      const heard = new Heard();
      assert.equal((await fixture.failure({ heard })).kind, "streamLost");
      assert.equal(heard.calls.length, 1);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("waits no longer once it is cancelled", async () => {
      fixture.fakeApi.usually(() => faults.server);
      const abort = new AbortController();
      const clock = {
        now: () => Date.now(),
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
      const heard = new Heard();
      heard.onText = () => abort.abort(new Error("stopped"));
      await assert.rejects(fixture.send({ heard, signal: abort.signal }), /^Error: stopped$/);
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
      now: () => now,
      after: (ms: number, callback: () => void) => {
        if (ms < 10_000) return systemClock.after(ms, callback);
        armed.push(ms);
        check = callback;
        return { dispose: () => {} };
      },
    };
    const heard = new Heard();
    const shown = new Promise<void>((resolve) => {
      heard.onText = resolve;
    });
    now = 60_000;
    const failed = fixture.failure({ heard, clock });
    await shown;
    now += silenceLimitMs - 20_000;
    check?.();
    now += 20_000;
    check?.();
    assert.equal((await failed).kind, "silent");
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
      const sender = { ...fixture.sender, clock, fetch: answer };
      const ended = sendRequest(sender, {
        backend: fixture.chatgpt,
        body: {} as RequestBody,
        traits: { sessionId: "s", responsesLite: false },
        sink: new Heard(),
        signal: new AbortController().signal,
      }).then(
        ({ id }) => id,
        (error: unknown) => (error instanceof RequestError ? error.failure.kind : String(error)),
      );
      for (const piece of pieces) {
        await clock.advance(silenceLimitMs - 1);
        controller?.enqueue(new TextEncoder().encode(piece));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.equal(await ended, expected);
    }
  });

  it("leaves the connection to the next request, and no listener behind", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    signal.addEventListener = () => {
      listeners += 1;
    };
    signal.removeEventListener = () => {
      listeners -= 1;
    };
    for (let count = 0; count < 20; count += 1) await fixture.send({ signal });
    assert.equal(listeners, 0);
    // Two, because a request may begin while the last bytes of the one before are read.
    assert.ok((await fixture.connections()) <= 2);
  });
});
