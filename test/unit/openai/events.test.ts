import assert from "node:assert/strict";
import { failureOfEvent } from "../../../src/openai/failures.ts";
import { Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { CollectedAnswer } from "./fixture.ts";
import { open, outcome, sendTo } from "./responseFixture.ts";

describe("an event", () => {
  const done = 'data: {"type":"response.completed","response":{"id":"r","output":[]}}\n\n';
  const delta = '{"type":"response.output_text.delta","delta":"text"}';
  const cases: readonly [string, string, string][] = [
    ["of the default name", `event: message\ndata: ${delta}\n\n`, "text"],
    ["with space around its name", `event:  response.output_text.delta \ndata: ${delta}\n\n`, "text"],
    [
      "with space around its name, and no type",
      'event:  response.output_text.delta \ndata: {"delta":"text"}\n\n',
      "text",
    ],
    ["without a type", 'event: response.output_text.delta\ndata: {"delta":"text"}\n\n', "text"],
    ["over several lines", `data: {"type":"response.output_text.delta",\ndata: "delta":"text"}\n\n`, "text"],
    ["named like a property of every object", `event: __proto__\ndata: {"type":"constructor"}\n\n`, ""],
  ];
  for (const [name, event, text] of cases) {
    it(`${name} is understood`, async () => {
      assert.deepEqual(await outcome({ body: event + done }), { text, failure: undefined, requests: 1 });
    });
  }

  it("with an error and nothing else is one", async () => {
    for (const name of ["", "event: error\n", "event: message\n"]) {
      const body = `${name}data: {"error":{"code":"insufficient_quota","message":"m"}}\n\n`;
      assert.equal((await outcome({ body })).failure, "quotaExceeded", name);
    }
    for (const [event, failure] of [
      ['event: error\ndata: {"code":"context_length_exceeded","message":"m"}', "contextLengthExceeded"],
      ['data: {"error":"usage_not_included"}', "usageNotIncluded"],
      ['data: {"detail":"The model is not supported when using Codex with a ChatGPT account."}', "modelNotSupported"],
      ['data: {"detail":{"code":"insufficient_quota"}}', "quotaExceeded"],
    ] as const) {
      assert.equal((await outcome({ body: `${event}\n\n` })).failure, failure, event);
    }
  });

  it("with an error ends the answer, whatever shape the error has", async () => {
    const failed = (response: unknown) => ({ type: "response.failed", response });
    const completed = (error: unknown) => ({ type: "response.completed", response: { id: "r", output: [], error } });
    const cases: readonly [object, ProblemCode][] = [
      [failed({ error: { code: "usage_limit_reached" } }), "usageLimitReached"],
      [failed({ error: "usage_limit_reached" }), "usageLimitReached"],
      [{ ...failed({ id: "r" }), error: { code: "usage_limit_reached" } }, "usageLimitReached"],
      [{ type: "response.failed", code: "usage_limit_reached" }, "usageLimitReached"],
      [failed(undefined), "serviceFailed"],
      [failed([{ error: "usage_limit_reached" }]), "serviceFailed"],
      [failed({ error: [{ code: "usage_limit_reached" }] }), "serviceFailed"],
      [failed({ error: { code: { toString: "x" }, type: ["usage_limit_reached"], message: 7 } }), "serviceFailed"],
      [failed({ error: { code: "constructor" } }), "serviceFailed"],
      [completed({ code: "insufficient_quota" }), "quotaExceeded"],
      [completed("insufficient_quota"), "quotaExceeded"],
      [{ ...completed({ code: "server_error" }), type: "response.incomplete" }, "serviceFailed"],
    ];
    for (const [event, failure] of cases) {
      const body = `data: ${delta}\n\ndata: ${JSON.stringify(event)}\n\n`;
      assert.deepEqual(await outcome({ body }), { text: "text", failure, requests: 1 }, JSON.stringify(event));
    }
    assert.equal((await outcome({ body: `data: ${JSON.stringify(completed(null))}\n\n` })).failure, undefined);
  });

  it("that is an error without JSON ends the answer, though the connection stays open", async () => {
    const body = open(`data: ${delta}\n\nevent: error\ndata: upstream failed\n\n`);
    assert.deepEqual(await outcome({ body }), { text: "text", failure: "serviceFailed", requests: 1 });
  });

  it("that says that there are no more ends an answer that is not complete, though the connection stays open", async () => {
    for (const [text, failure, requests] of [
      [`data: ${delta}\n\ndata: [DONE]\n\n`, "streamLost", 1],
      [`data: ${delta}\n\nevent: done\ndata:  [DONE] \n\n`, "streamLost", 1],
      [`data: ${delta}\n\n${done}data: [DONE]\n\n`, undefined, 1],
    ] as const) {
      const body = open(text);
      assert.deepEqual(await outcome({ body }), { text: "text", failure, requests }, text);
    }
  });

  it("that says it too early is passed over, however long the next one takes", async () => {
    const pieces = ["data: [DONE]\n\n", `data: ${delta}\n\n`, done];
    const pauses = [0, 10, 1_200];
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, pauses.shift()));
        controller.enqueue(new TextEncoder().encode(pieces.shift()));
        if (pieces.length === 0) controller.close();
      },
    });
    assert.deepEqual(await outcome({ body }), { text: "text", failure: undefined, requests: 1 });
  });

  it("after the last one is not collected", async () => {
    const failed = 'data: {"type":"error","code":"insufficient_quota"}\n\n';
    const more = `data: ${delta}\n\n`;
    const ended = { text: "", failure: undefined, requests: 1 };
    assert.deepEqual(await outcome({ body: done + more + failed + done }), ended);
    assert.deepEqual(await outcome({ body: failed + more + done }), { ...ended, failure: "quotaExceeded" });
    const other = failed.replace("insufficient_quota", "server_error");
    assert.deepEqual(await outcome({ body: failed + other }), { ...ended, failure: "quotaExceeded" });
  });

  it("that tells of a part's error does not end the answer", async () => {
    const part = 'data: {"type":"response.mcp_call.failed","error":{"code":"insufficient_quota"}}\n\n';
    const other = 'data: {"type":"codex.notice","detail":"x"}\n\n';
    const body = `${part}${other}data: ${delta}\n\n${done}`;
    assert.deepEqual(await outcome({ body }), { text: "text", failure: undefined, requests: 1 });
  });

  it("that is final is not asked for again, and what may pass is", async () => {
    for (const [error, failure, requests] of [
      ['"code":"server_error"', "serviceFailed", 5],
      ['"code":"vector_store_timeout"', "serviceFailed", 5],
      ['"message":"m"', "serviceFailed", 5],
      ['"type":"server_error"', "serviceFailed", 5],
      ['"type":"invalid_request_error"', "badRequest", 1],
      ['"type":"permission_error"', "badRequest", 1],
      ['"type":"authentication_error"', "badRequest", 1],
      ['"code":"invalid_image"', "badRequest", 1],
      ['"code":"image_too_large"', "badRequest", 1],
      ['"code":"image_parse_error"', "badRequest", 1],
      ['"code":"empty_image_file"', "badRequest", 1],
      ['"code":"unsupported_image_media_type"', "badRequest", 1],
      ['"code":"failed_to_download_image"', "badRequest", 1],
      ['"code":"previous_response_not_found"', "badRequest", 1],
      ['"code":"image_content_policy_violation"', "contentRefused", 1],
      ['"code":"bio_policy"', "contentRefused", 1],
      ['"code":"moderation_blocked"', "contentRefused", 1],
      ['"code":"billing_hard_limit_reached"', "quotaExceeded", 1],
      ['"code":"insufficient_credits"', "quotaExceeded", 1],
    ] as const) {
      for (const body of [
        `event: error\ndata: {"type":"error","error":{${error}}}\n\n`,
        `data: {"type":"response.failed","response":{"error":{${error}}}}\n\n`,
        `{"error":{${error}}}`,
      ]) {
        assert.deepEqual(await outcome({ body }), { text: "", failure, requests }, body);
      }
    }
  });

  it("that names a time in years, or in milliseconds, is told without the one and with the other", async () => {
    const now = Date.UTC(2026, 10, 26);
    const resets = (resets_at: unknown) => {
      const failure = failureOfEvent({ error: { type: "usage_limit_reached", resets_at } }, { kind: "chatgpt" }, now);
      assert.ok(failure instanceof Problem);
      return (failure.params as { resetsAt: number | undefined }).resetsAt;
    };
    const soon = now + 3_600_000;
    assert.equal(resets(soon / 1000), soon);
    assert.equal(resets(soon), soon);
    for (const at of [now / 1000 - 1, (now + 4_000 * 86_400_000) / 1000, 8.64e12, 1e300, -1, "soon", null]) {
      assert.equal(resets(at), undefined, String(at));
    }
  });

  it("that our own code cannot take is not asked for again", async () => {
    const sink = new CollectedAnswer();
    const mistake = new RangeError("Invalid time value");
    let requests = 0;
    const answer = async () => {
      requests += 1;
      return new Response(`data: {"type":"codex.rate_limits"}\n\ndata: ${delta}\n\n${done}`);
    };
    Object.assign(sink, {
      rateLimits: () => {
        throw mistake;
      },
    });
    await assert.rejects(sendTo(answer, { sink }), (error) => error === mistake);
    assert.equal(requests, 1);
  });

  it("that names an absurd time is told without one", async () => {
    for (const at of ["1e300", "9e15", "-1", "0", '"soon"', "null"]) {
      for (const field of ["resets_at", "resets_in_seconds"]) {
        const error = `{"type":"usage_limit_reached","message":"m","${field}":${at}}`;
        for (const body of [`{"error":${error}}`, `event: error\ndata: {"error":${error}}\n\n`]) {
          assert.deepEqual(await outcome({ body }), { text: "", failure: "usageLimitReached", requests: 1 }, error);
        }
      }
    }
  });
});
