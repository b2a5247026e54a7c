import assert from "node:assert/strict";
import { readJsonText } from "../../../src/openai/bodyForm.ts";
import { errorBodyMs } from "../../../src/openai/request.ts";
import { answerLimitMs, silenceLimitMs } from "../../../src/openai/silenceTimer.ts";
import { answerLimitBytes } from "../../../src/openai/stream.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { outcome, problemOf, sendTo } from "./responseFixture.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** More pieces than anybody may read. */
const mostPulls = 60;

/** A body that begins so and goes on with the same for as long as anybody may read, and longer; counts its pieces. */
function endless(begin: string, more: string | Uint8Array) {
  const piece = typeof more === "string" ? bytes(more) : more;
  const body = {
    pulls: 0,
    isCancelled: false,
    stream: new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(bytes(begin)),
        pull: (controller) => {
          body.pulls += 1;
          if (body.pulls > mostPulls) controller.close();
          else controller.enqueue(piece);
        },
        cancel: () => {
          body.isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    ),
  };
  return body;
}

/** A server whose answer the test sends piece by piece, on a clock that it moves. */
function byHand(status: number, headers: Record<string, string> = {}) {
  const clock = new ManualClock(Date.UTC(2026, 10, 26));
  const answered = Promise.withResolvers<void>();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let requests = 0;
  let isClosed = false;
  const answer: typeof fetch = async (_url, init) => {
    requests += 1;
    const stream = new ReadableStream<Uint8Array>({
      start: (its) => {
        controller = its;
      },
      cancel: () => {
        isClosed = true;
      },
    });
    init?.signal?.addEventListener("abort", () => controller?.error(init.signal?.reason));
    answered.resolve();
    return new Response(stream, { status, headers });
  };
  return {
    clock,
    failure: problemOf(sendTo(answer, { clock })),
    answered: answered.promise,
    write: (text: string) => {
      if (!isClosed) controller?.enqueue(bytes(text));
    },
    get requests() {
      return requests;
    },
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("A body without an end", () => {
  it("of an error is read for 10 seconds, and then its status decides", async () => {
    for (const [status, begin, code] of [
      [429, "", "rateLimited"],
      [400, "", "badRequest"],
      [403, "<html>", "edgeBlocked"],
      [429, '{"error":{"code":"usage_limit_reached"},"text":"', "rateLimited"],
    ] as const) {
      const { clock, failure, answered, write } = byHand(status);
      await answered;
      for (let second = 0; second < 10; second += 1) {
        write(second === 0 && begin !== "" ? begin : "  ");
        await settled();
        await clock.advance(errorBodyMs / 10);
      }
      assert.equal(await failure, code, `${status} ${begin}`);
      assert.equal(clock.pending, 0);
    }
  });

  it("of space before an error is not read to its end", async () => {
    const body = endless("", " ".repeat(65_536));
    assert.equal((await outcome({ status: 400, body: body.stream })).failure, "badRequest");
    assert.ok(body.pulls < 30, `${body.pulls} pieces`);
    assert.ok(body.isCancelled);
  });

  it("of JSON or space in place of an answer is not read to its end", async () => {
    for (const begin of ['{"error":"', "[", '"', " "]) {
      const body = endless(begin, " ".repeat(65_536));
      const expected = { text: "", failure: "unreadableAnswer", requests: 1 };
      assert.deepEqual(await outcome({ body: body.stream, contentType: "application/json" }), expected, begin);
      assert.ok(body.pulls < 30, `${body.pulls} pieces`);
      assert.ok(body.isCancelled);
    }
  });

  it("of an error in place of an answer is read for 64 KB", async () => {
    const body = endless('{"error":"', "a".repeat(16 * 1024));
    assert.equal((await outcome({ body: body.stream, contentType: "application/json" })).failure, "unreadableAnswer");
    assert.ok(body.pulls <= 4, `${body.pulls} pieces`);
    assert.ok(body.isCancelled);
  });

  it("of a single event is read for 32 million characters", async () => {
    const body = endless("data: ", "a".repeat(1024 * 1024));
    assert.equal((await outcome({ body: body.stream })).failure, "unreadableAnswer");
    assert.ok(body.pulls <= 33, `${body.pulls} pieces`);
    assert.ok(body.isCancelled);
  });

  it("of events is ended after an hour, also when it goes on, and is not asked for again", async () => {
    const server = byHand(200, { "Content-Type": "text/event-stream" });
    await server.answered;
    for (let ms = 0; ms < answerLimitMs; ms += silenceLimitMs - 1) {
      server.write(": still here\n\n");
      await settled();
      await server.clock.advance(silenceLimitMs - 1);
    }
    assert.equal(await server.failure, "endless");
    assert.equal(server.requests, 1);
    assert.equal(server.clock.pending, 0);
  });

  it("of events has a size, too", async () => {
    const piece = bytes(`: ${"x".repeat(8 * 1024 * 1024)}\n`);
    const body = endless(": a\n\n", piece);
    assert.deepEqual(await outcome({ body: body.stream }), { text: "", failure: "unreadableAnswer", requests: 1 });
    assert.ok(body.pulls <= answerLimitBytes / piece.length + 2, `${body.pulls} pieces`);
    assert.ok(body.isCancelled);
  });
});

describe("JSON in small pieces", () => {
  /** Gives one character at a time. */
  function readerOf(text: string): { reader: ReadableStreamDefaultReader<Uint8Array>; read: () => number } {
    const whole = bytes(text);
    let at = 0;
    const read = async () => {
      if (at >= whole.length) return { done: true as const, value: undefined };
      at += 1;
      return { done: false as const, value: whole.subarray(at - 1, at) };
    };
    const reader = { read } as unknown as ReadableStreamDefaultReader<Uint8Array>;
    return { reader, read: () => at };
  }

  it("is looked at once, not again with each piece", async () => {
    const { parse } = JSON;
    let parsed = 0;
    JSON.parse = (...parameters) => {
      parsed += 1;
      return parse(...parameters);
    };
    try {
      const text = `{"message":"${"}".repeat(1_000_000)}"}`;
      const { reader } = readerOf(text);
      assert.equal(await readJsonText(reader, new TextDecoder(), "", undefined, 2_000_000), text);
      assert.equal(parsed, 0);
    } finally {
      JSON.parse = parse;
    }
  });

  it("ends with its last bracket or quote, whatever is in it and after it", async () => {
    for (const json of ['{"a":"}\\"]{","b":[{}]}', '["]",[[]],{}]', '"a\\\\"', '"\\"}"', "{}"]) {
      const { reader, read } = readerOf(` \r\n${json}more`);
      assert.equal(await readJsonText(reader, new TextDecoder(), ""), json);
      assert.equal(read(), bytes(json).length + 3);
    }
  });
});
