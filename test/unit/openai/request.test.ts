import assert from "node:assert/strict";
import { retryLimit } from "../../../src/openai/request.ts";
import { isProblem, Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { faults, type Script } from "../../fakeApi/answers.ts";
import { CollectedAnswer, type Fixture, startFixture } from "./fixture.ts";

describe("a chat request", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture();
  });
  afterEach(() => fixture.stop());

  it("goes to the ChatGPT service with its headers and rules", async () => {
    fixture.credentials.chatgpt = { bearer: "b1", workspaceId: "acc-9", fedramp: true };
    const collected = new CollectedAnswer();
    const done = await fixture.send({ collected });
    assert.equal(collected.whole, "Hello from the fake API.");
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
    const collected = new CollectedAnswer();
    await fixture.send({ backend: fixture.platform, modelId: "gpt-4o", collected });
    const [record] = fixture.fakeApi.responses;
    assert.equal(collected.whole, "Hello from the fake API.");
    assert.equal(record?.path, "/v1/responses");
    assert.equal(record?.headers.authorization, "Bearer sk-test-key-1");
    assert.equal(record?.headers["chatgpt-account-id"], undefined);
    assert.equal(record?.headers["session-id"], undefined);
    assert.equal(record?.body.include, undefined);
  });

  it("speaks the lite form where the model wants it", async () => {
    const collected = new CollectedAnswer();
    await fixture.send({
      modelId: "gpt-5.6-sol",
      collected,
      conversation: { tools: [{ name: "t", description: "d" }] },
    });
    assert.equal(collected.whole, "Hello from the fake API.");
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
    const collected = new CollectedAnswer();
    await fixture.send({ collected });
    assert.equal(collected.thoughts, "Let me see.");
    assert.equal(collected.whole, "Looking.");
    assert.deepEqual(collected.calls, [
      { type: "toolCall", callId: "call_a", name: "read", input: { path: "ä.ts" } },
      { type: "toolCall", callId: "call_b", name: "now", input: {} },
    ]);
    assert.equal(collected.reasoningItems[0]?.encryptedContent, "enc-1");
  });

  describe("with a credential that is refused", () => {
    it("replaces it once and sends the request again once", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: (bearer) => bearer.endsWith("-replaced") };
      const collected = new CollectedAnswer();
      await fixture.send({ collected });
      assert.equal(collected.whole, "Hello from the fake API.");
      assert.equal(fixture.credentials.rejections.length, 1);
      assert.equal(fixture.fakeApi.responses.length, 2);
    });

    it("gives up when the other one is refused as well", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      assert.equal((await fixture.failure()).code, "needsSignIn");
      assert.equal(fixture.fakeApi.responses.length, 2);
      assert.equal((await fixture.failure({ backend: fixture.platform })).code, "keyRejected");
    });

    it("sends nothing more when the request is cancelled while the credential is replaced", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      const cancel = new AbortController();
      const reason = new Error("cancelled by the test");
      fixture.credentials.onRejected = async (credential) => {
        cancel.abort(reason);
        return { ...credential, bearer: "another" };
      };
      await assert.rejects(fixture.send({ signal: cancel.signal }), (error) => error === reason);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("tells that the sign-in expired when it cannot be refreshed", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      fixture.credentials.onRejected = () => Promise.reject(new Problem("needsSignIn"));
      const failure = await fixture.failure();
      assert.equal(failure.code, "needsSignIn");
      assert.equal(failure.message, new Problem("needsSignIn").message);
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("passes on that the network kept it from being refreshed", async () => {
      fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
      fixture.credentials.onRejected = () => Promise.reject(new Problem("unreachable"));
      const failure = await fixture.failure();
      assert.equal(failure.message, new Problem("unreachable").message);
    });
  });

  describe("that the service refuses", () => {
    const resetsAt = 2_000_000_000;
    const sentence = (code: "rateLimited" | "regionBlocked" | "edgeBlocked" | "unreadableAnswer" | "serviceFailed") =>
      new RegExp(new Problem(code).message.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const cases: readonly [Script, ProblemCode, RegExp, number][] = [
      [faults.usageLimit(resetsAt), "usageLimitReached", /usage limit of your ChatGPT plan\. It resets on \w+/, 1],
      [faults.usageNotIncluded, "usageNotIncluded", /doesn't include this/, 1],
      [faults.quota, "quotaExceeded", /no quota left/, 1],
      [faults.rateLimit, "rateLimited", sentence("rateLimited"), 1],
      [faults.overloaded, "overloaded", /temporarily unavailable/, 1 + retryLimit],
      [faults.server, "serviceFailed", sentence("serviceFailed"), 1 + retryLimit],
      [{ status: 503, json: { error: { code: "token_expired" } } }, "overloaded", /temporarily/, 1 + retryLimit],
      [
        { status: 500, json: { error: { code: "invalid_api_key" } } },
        "serviceFailed",
        sentence("serviceFailed"),
        1 + retryLimit,
      ],
      [faults.region, "regionBlocked", sentence("regionBlocked"), 1],
      [faults.edge, "edgeBlocked", sentence("edgeBlocked"), 1],
      [faults.scope, "forbidden", /doesn't allow this account or key/, 1],
      [faults.contextLength, "contextLengthExceeded", /too long for this model/, 1],
      [faults.portal, "unreadableAnswer", sentence("unreadableAnswer"), 1],
      [{ parts: [], end: { failed: { code: "cyber_policy" } } }, "contentRefused", /usage policies/, 1],
      [{ parts: [], end: { failed: { code: "insufficient_quota" } } }, "quotaExceeded", /no quota left/, 1],
      [{ parts: [], end: { failed: { code: "context_length_exceeded" } } }, "contextLengthExceeded", /too long/, 1],
      [
        { parts: [], end: { failed: { code: "server_error" } } },
        "serviceFailed",
        sentence("serviceFailed"),
        1 + retryLimit,
      ],
      [{ parts: [], end: { incomplete: "content_filter" } }, "contentRefused", /usage policies/, 1],
      [{ parts: [], end: "lost" }, "streamLost", /connection was lost/, 1 + retryLimit],
      [{ parts: [], end: "ended" }, "streamLost", /connection was lost/, 1 + retryLimit],
    ];
    for (const [script, kind, sentence, requests] of cases) {
      it(`${kind}: ${JSON.stringify(script).slice(0, 60)}`, async () => {
        fixture.fakeApi.usually(() => script);
        const failure = await fixture.failure();
        assert.equal(failure.code, kind);
        assert.match(failure.message, sentence);
        assert.equal(fixture.fakeApi.responses.length, requests);
      });
    }

    it("an account that is forbidden between two tries", async () => {
      fixture.fakeApi.usually(() => {
        fixture.credentials.assertUsable = ({ bearer }) => {
          assert.equal(bearer, fixture.credentials.chatgpt.bearer);
          throw new Problem("accountNotAllowed");
        };
        return faults.overloaded;
      });
      assert.equal((await fixture.failure()).code, "accountNotAllowed");
      assert.equal(fixture.fakeApi.responses.length, 1);
    });

    it("tells when the limit ends", async () => {
      fixture.fakeApi.next(faults.usageLimit(resetsAt));
      const failure = await fixture.failure();
      assert.equal(failure.code, "usageLimitReached");
      assert.deepEqual(failure.params, { resetsAt: resetsAt * 1000 });
    });

    it("names no time that is over, as a computer's clock that is ahead makes it", async () => {
      fixture.fakeApi.next(faults.usageLimit(Math.floor(Date.now() / 1000) - 60));
      assert.deepEqual((await fixture.failure()).params, { resetsAt: undefined });
    });

    it("a connection that breaks before anything was answered", async () => {
      fixture.fakeApi.usually(() => faults.broken);
      const failure = await fixture.failure();
      // Whether the system says that it was reset decides.
      assert.ok(isProblem(failure, "unreachable", "answerLost"), failure.code);
      assert.equal(fixture.fakeApi.responses.length, 1 + retryLimit);
    });

    it("a model that the account does not have", async () => {
      const model = { ...fixture.model("gpt-5.5"), id: "gpt-9" };
      for (const backend of [fixture.chatgpt, fixture.platform]) {
        assert.equal((await fixture.failure({ backend, conversation: { model } })).code, "modelNotSupported");
      }
    });

    it("a service that is not there", async () => {
      await fixture.stop();
      const failure = await fixture.failure();
      assert.equal(failure.message, new Problem("unreachable").message);
    });

    it("no word of the service's message or of the person reaches the error or the log", async () => {
      const canary = "canary text of a person";
      fixture.fakeApi.usually(() => ({ status: 400, json: { error: { code: canary, message: canary } } }));
      await assert.rejects(
        fixture.send(),
        (error) => isProblem(error) && !JSON.stringify({ ...error }).includes("canary"),
      );
      fixture.fakeApi.usually(() => ({ parts: [], end: { failed: { code: canary, message: canary } } }));
      await assert.rejects(fixture.send());
      assert.ok(fixture.log.length > 1);
      assert.ok(!fixture.log.join().includes("canary"));
    });
  });
});
