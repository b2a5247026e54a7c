import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProblemCode } from "../../../src/shared/problem.ts";
import { CollectedAnswer } from "./fixture.ts";
import { events, limit, open, outcome, page, platform, sendTo, textOnly } from "./responseFixture.ts";

describe("an answer with status 200", () => {
  const types = [
    undefined,
    "",
    "text/plain",
    "text/plain; charset=utf-8",
    "application/octet-stream",
    "TEXT/Event-Stream;Charset=UTF-8",
    "text/event-stream, text/event-stream",
    "application/json, text/event-stream",
    "binary",
    ";",
  ];
  for (const contentType of types) {
    it(`is read as events when it is declared as ${contentType ?? "nothing"}`, async () => {
      assert.deepEqual(await outcome({ body: events, contentType }), {
        text: "Grüße 😀",
        failure: undefined,
        requests: 1,
      });
    });
  }

  const pages = [page, "<html>", "<!-- moved -->\n<html>", "\uFEFF\r\n\t <HTML>", '<?xml version="1.0"?><Error/>'];
  for (const body of pages) {
    for (const contentType of [undefined, "text/plain", "text/event-stream", "Text/HTML; charset=utf-8"]) {
      it(`is not read when it is a page: ${JSON.stringify(body.slice(0, 20))} as ${contentType}`, async () => {
        const expected = { text: "", failure: "unreadableAnswer", requests: 1 };
        assert.deepEqual(await outcome({ body, contentType }), expected);
      });
    }
  }
  it("is not read when it is declared as a page or as JSON, whatever is in it", async () => {
    const declared = ["text/html", "application/xhtml+xml;charset=utf-8"];
    for (const contentType of [
      ...declared,
      "application/json",
      "text/json; charset=utf-8",
      "application/problem+json",
      "TEXT/Html; Charset=UTF-8",
      "Application/JSON",
    ]) {
      assert.equal((await outcome({ body: events, contentType })).failure, "unreadableAnswer", contentType);
    }
  });

  it("is not waited for when it is declared as JSON and begins as something else", async () => {
    for (const text of [events, `\uFEFF\n: ping\n\n${events}`, page]) {
      const body = open(text);
      const expected = { text: "", failure: "unreadableAnswer", requests: 1 };
      assert.deepEqual(await outcome({ body, contentType: "application/json" }), expected, text.slice(0, 20));
    }
  });

  const errors: readonly [string, ProblemCode, number?][] = [
    [limit, "usageLimitReached"],
    ['{"error":{"code":"insufficient_quota","message":"m"}}', "quotaExceeded"],
    ['{"error":{"code":"context_length_exceeded"}}', "contextLengthExceeded"],
    ['{"error":{"code":"unsupported_country_region_territory"}}', "regionBlocked"],
    ['{"detail":"The \'x\' model is not supported when using Codex with a ChatGPT account."}', "modelNotSupported"],
    ['{"detail":"Store must be set to false"}', "badRequest"],
    ['{"error":{"type":"invalid_request_error","message":"m","param":null,"code":null}}', "badRequest"],
    ['{"error":{"message":"The server had an error"}}', "serviceFailed", 5],
    ['{"error":"server_is_overloaded"}', "overloaded", 5],
    ['{"error":"something_new"}', "serviceFailed", 5],
    ['{"error":{"code":"__proto__","message":"m"}}', "serviceFailed", 5],
    ['{"error":{"code":"token_expired","message":"m"}}', "needsSignIn", 2],
    ['{"status":"login required"}', "unreadableAnswer"],
    ["[]", "unreadableAnswer"],
    ['{"error":{"code":"insuff', "unreadableAnswer"],
  ];
  for (const [body, kind, requests = 1] of errors) {
    it(`is no success when it is JSON: ${body.slice(0, 60)}`, async () => {
      const kinds = ["application/json", "application/problem+json; charset=utf-8", "text/event-stream", undefined];
      for (const contentType of kinds) {
        for (const before of ["", "\uFEFF", "\r\n \n", " ".repeat(70_000)]) {
          const result = await outcome({ body: before + body, contentType });
          assert.deepEqual(result, { text: "", failure: kind, requests }, `${contentType}`);
        }
      }
    });
  }
  it("is no success when it is text that is no event", async () => {
    const texts = [
      "upstream error",
      "null",
      "true",
      "42\n",
      "-1.5",
      "\u001f\uFFFD\b\0",
      "error: no\n\nhealthy: upstream\n\n",
    ];
    for (const body of texts) {
      for (const contentType of [undefined, "text/plain", "text/event-stream"]) {
        const expected = { text: "", failure: "unreadableAnswer", requests: 1 };
        assert.deepEqual(await outcome({ body, contentType, sizes: [3] }), expected, JSON.stringify(body));
      }
    }
  });
  it("is no success when its JSON has no end, and little of that is read", async () => {
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8192).fill(pulls++ === 0 ? 91 : 120)),
    });
    assert.deepEqual(await outcome({ body: endless }), { text: "", failure: "unreadableAnswer", requests: 1 });
    assert.ok(pulls < 20, `${pulls} pieces`);
  });
  it("is no success when one event of it has no end", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4 * 1024 * 1024).fill(120)),
    });
    assert.deepEqual(await outcome({ body: endless }), { text: "", failure: "unreadableAnswer", requests: 1 });
  });
  it("names the API key where it is the Platform that refuses it", async () => {
    const body = '{"error":{"code":"invalid_api_key","message":"m"}}';
    assert.equal((await outcome({ body, backend: platform })).failure, "keyRejected");
  });

  it("is no success when there is nothing in it", async () => {
    for (const body of ["", "\uFEFF", "\r\n\r\n", ": ping\n\n: ping\n\n", "data: [DONE]\n\n"]) {
      assert.equal((await outcome({ body })).failure, "streamLost", JSON.stringify(body));
    }
    assert.equal((await outcome({ body: null })).failure, "unreadableAnswer");
  });

  it("is the same however its bytes are cut and whatever stands before it", () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom("", "\uFEFF", "\uFEFF\uFEFF", "\n\uFEFF", ": ping\n\uFEFF", "  "),
        fc.array(
          fc.constantFrom(
            "\n",
            "\r\n",
            "\r",
            " \n",
            ": ping\r\r",
            ": keep-alive\n\n",
            ":\r\n",
            `: {"error":{}} <html>\n`,
          ),
          {
            maxLength: 6,
          },
        ),
        fc.constantFrom("", " ".repeat(70_000)),
        fc.constantFrom<[string, object]>(
          [events, { text: "Grüße 😀", failure: undefined, requests: 1 }],
          [events.replaceAll("\n", "\r\n"), { text: "Grüße 😀", failure: undefined, requests: 1 }],
          [events.replaceAll("\n", "\r"), { text: "Grüße 😀", failure: undefined, requests: 1 }],
          [events.trimEnd(), { text: "Grüße 😀", failure: undefined, requests: 1 }],
          [textOnly, { text: "Grüße 😀", failure: undefined, requests: 1 }],
          [page, { text: "", failure: "unreadableAnswer", requests: 1 }],
          [limit, { text: "", failure: "usageLimitReached", requests: 1 }],
        ),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
        async (mark, before, blank, [body, expected], sizes) => {
          const lead = blank === "" ? "" : `${blank}\n`;
          assert.deepEqual(await outcome({ body: lead + before.join("") + mark + body, sizes }), expected);
        },
      ),
      { numRuns: 200 },
    ));

  it("shows its first text before more has come", async () => {
    const first = events.slice(
      0,
      events.indexOf('event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"😀'),
    );
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const collected = new CollectedAnswer();
    const shown = new Promise<void>((resolve) => {
      collected.onText = resolve;
    });
    const done = sendTo(async () => new Response(readable), { sink: collected });
    await writer.write(new TextEncoder().encode(first));
    await shown;
    assert.equal(collected.whole, "Grüße ");
    await writer.write(new TextEncoder().encode(events.slice(first.length)));
    await writer.close();
    await done;
    assert.equal(collected.whole, "Grüße 😀");
  });

  it("is an error as soon as its JSON is whole, though the connection stays open", async () => {
    for (const [text, failure] of [
      [limit, "usageLimitReached"],
      ['"a proxy\'s words" \n', "unreadableAnswer"],
    ] as const) {
      const body = open(text);
      assert.equal((await outcome({ body })).failure, failure);
    }
  });
});
