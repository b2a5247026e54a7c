import assert from "node:assert/strict";
import fc from "fast-check";
import { type Backend, chatgptBackend, platformBackend } from "../../../src/openai/backend.ts";
import { failureOfResponse } from "../../../src/openai/failures.ts";
import { sendRequest } from "../../../src/openai/request.ts";
import { RequestError, type RequestFailureKind } from "../../../src/openai/requestError.ts";
import type { RequestBody } from "../../../src/openai/responses.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { allowAll, Heard, QuickClock, TestCredentials, userAgent } from "./fixture.ts";

const chatgpt = chatgptBackend("https://chatgpt.test/backend-api", userAgent, allowAll);
const platform = platformBackend("https://api.test/v1", userAgent, allowAll);

const events = [
  { type: "response.created", response: { id: "r" } },
  { type: "response.output_text.delta", delta: "Grüße " },
  { type: "response.output_text.delta", delta: "😀" },
  { type: "response.completed", response: { id: "r", output: [] } },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join("");

/** Each event needs its first line. */
const textOnly = events.slice(events.indexOf("\n\n") + 2).replace(/^event: .*\n/gm, "");

const page = "<!DOCTYPE html><html><title>Welcome to Hotel Wi-Fi</title></html>";
const limit =
  '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus"}}';

function bodyOf(bytes: Uint8Array, sizes: readonly number[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? bytes.length;
        controller.enqueue(bytes.subarray(at, at + size));
        at += size;
      }
      controller.close();
    },
  });
}

interface Served {
  readonly body: string | ReadableStream<Uint8Array> | null;
  readonly contentType?: string | undefined;
  /** 200 unless told. */
  readonly status?: number;
  readonly sizes?: readonly number[];
  readonly backend?: Backend;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onRejected?: TestCredentials["onRejected"];
}

/** What a request comes to that is answered so. */
async function outcome(served: Served) {
  const { body, contentType, status = 200, sizes = [65_536], backend = chatgpt, headers, onRejected } = served;
  const heard = new Heard();
  let requests = 0;
  const answer = async () => {
    requests += 1;
    const stream = typeof body === "string" ? bodyOf(new TextEncoder().encode(body), sizes) : body;
    return new Response(stream, {
      status,
      headers: { ...headers, ...(contentType !== undefined && { "Content-Type": contentType }) },
    });
  };
  const credentials = new TestCredentials();
  if (onRejected) credentials.onRejected = onRejected;
  const sender = { fetch: answer, credentials, clock: new QuickClock(), random: () => 0.5, log: () => {} };
  const failure = await sendRequest(sender, {
    backend,
    body: {} as RequestBody,
    traits: { sessionId: "s", responsesLite: false },
    sink: heard,
    signal: new AbortController().signal,
  }).then(
    () => undefined,
    (error: unknown) => (error instanceof RequestError ? error.failure.kind : assert.fail(String(error))),
  );
  return { text: heard.whole, failure, requests };
}

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
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      });
      const expected = { text: "", failure: "unreadableAnswer", requests: 1 };
      assert.deepEqual(await outcome({ body, contentType: "application/json" }), expected, text.slice(0, 20));
    }
  });

  const errors: readonly [string, RequestFailureKind, number?][] = [
    [limit, "usageLimitReached"],
    ['{"error":{"code":"insufficient_quota","message":"m"}}', "quotaExceeded"],
    ['{"error":{"code":"context_length_exceeded"}}', "contextLengthExceeded"],
    ['{"error":{"code":"unsupported_country_region_territory"}}', "regionBlocked"],
    ['{"detail":"The \'x\' model is not supported when using Codex with a ChatGPT account."}', "modelNotSupported"],
    ['{"detail":"Store must be set to false"}', "badRequest"],
    ['{"error":{"type":"invalid_request_error","message":"m","param":null,"code":null}}', "badRequest"],
    ['{"error":{"message":"The server had an error"}}', "serverError", 5],
    ['{"error":"server_is_overloaded"}', "overloaded", 5],
    ['{"error":"something_new"}', "serverError", 5],
    ['{"error":{"code":"__proto__","message":"m"}}', "serverError", 5],
    ['{"error":{"code":"token_expired","message":"m"}}', "signInExpired", 2],
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
    assert.equal((await outcome({ body, backend: platform })).failure, "apiKeyRejected");
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
    const heard = new Heard();
    const shown = new Promise<void>((resolve) => {
      heard.onText = resolve;
    });
    const sender = {
      fetch: async () => new Response(readable),
      credentials: new TestCredentials(),
      clock: new QuickClock(),
      random: () => 0.5,
      log: () => {},
    };
    const done = sendRequest(sender, {
      backend: chatgpt,
      body: {} as RequestBody,
      traits: { sessionId: "s", responsesLite: false },
      sink: heard,
      signal: new AbortController().signal,
    });
    await writer.write(new TextEncoder().encode(first));
    await shown;
    assert.equal(heard.whole, "Grüße ");
    await writer.write(new TextEncoder().encode(events.slice(first.length)));
    await writer.close();
    await done;
    assert.equal(heard.whole, "Grüße 😀");
  });

  it("is an error as soon as its JSON is whole, though the connection stays open", async () => {
    for (const [text, failure] of [
      [limit, "usageLimitReached"],
      ['"a proxy\'s words" \n', "unreadableAnswer"],
    ] as const) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      });
      assert.equal((await outcome({ body })).failure, failure);
    }
  });
});

describe("an answer with a failure status", () => {
  const error = (code: string) => `{"error":{"code":"${code}","message":"m","type":"t"}}`;
  const open = (text: string) =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    });

  it("is told as soon as its JSON is whole, though the connection stays open", async () => {
    assert.equal((await outcome({ status: 429, body: open(limit) })).failure, "usageLimitReached");
    assert.equal((await outcome({ status: 403, body: open("\uFEFF<html>") })).failure, "edgeBlocked");
    assert.deepEqual(await outcome({ status: 401, body: error("token_expired") }), {
      text: "",
      failure: "signInExpired",
      requests: 2,
    });
  });

  it("is told by its code, however long its message quotes the request", async () => {
    const long = (code: string) => `{"error":{"message":"${"x".repeat(500_000)}","type":"t","code":"${code}"}}`;
    assert.equal(
      (await outcome({ status: 400, body: long("context_length_exceeded") })).failure,
      "contextLengthExceeded",
    );
    assert.equal(
      (await outcome({ status: 429, body: open(long("usage_limit_reached")) })).failure,
      "usageLimitReached",
    );
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(pulls++ === 0 ? 91 : 120)),
    });
    assert.equal((await outcome({ status: 400, body: endless })).failure, "badRequest");
    assert.ok(pulls < 30, `${pulls} pieces`);
  });

  it("is told by its status where its body says nothing", async () => {
    const cases: readonly [number, string | undefined, RequestFailureKind][] = [
      [401, "text/html", "unreadableAnswer"],
      [401, "TEXT/HTML; charset=utf-8", "unreadableAnswer"],
      [403, "text/html", "edgeBlocked"],
      [403, undefined, "forbidden"],
      [413, undefined, "contextLengthExceeded"],
      [413, "text/html", "contextLengthExceeded"],
      [429, "text/html", "rateLimited"],
      [400, "text/html", "unreadableAnswer"],
      [400, undefined, "badRequest"],
    ];
    for (const [status, contentType, failure] of cases) {
      for (const body of ["", " \r\n"]) {
        assert.equal((await outcome({ status, contentType, body })).failure, failure, `${status} ${contentType}`);
      }
    }
  });

  it("that only a proxy or a network's portal gives is told as theirs", async () => {
    for (const body of ["", page, "{}"]) {
      for (const [status, code] of [
        [407, "proxyFailed"],
        [511, "networkSignIn"],
      ] as const) {
        const { failure } = await failureOfResponse(new Response(body, { status }), chatgpt, 0);
        assert.ok(failure.kind === "problem" && failure.problem.code === code, `${status} ${failure.kind}`);
        assert.equal((await outcome({ status, body })).requests, 1);
      }
    }
  });

  it("says nothing of the credential when it is a 401 with a code for something else", async () => {
    for (const [code, failure, requests] of [
      ["unsupported_country_region_territory", "regionBlocked", 1],
      ["usage_limit_reached", "usageLimitReached", 1],
      ["rate_limit_exceeded", "rateLimited", 1],
      ["server_is_overloaded", "overloaded", 5],
      ["server_error", "serverError", 5],
      ["temporarily_unavailable", "serverError", 5],
    ] as const) {
      assert.deepEqual(await outcome({ status: 401, body: error(code) }), { text: "", failure, requests }, code);
    }
    for (const code of ["__proto__", "constructor", "something_new", "invalid_api_key"]) {
      assert.equal((await outcome({ status: 401, body: error(code) })).failure, "signInExpired", code);
    }
  });
});

describe("a 401 that is not in the service's own words", () => {
  const foreign = [
    "",
    " \r\n",
    "Unauthorized",
    "{}",
    "[]",
    "null",
    '{"message":"Unauthorized"}',
    '{"error":"unauthorized"}',
  ];
  const own = [
    '{"error":{"message":"m"}}',
    '{"error":{"code":"something_new"}}',
    '{"error":"token_expired"}',
    '{"code":"token_revoked"}',
    '{"detail":"Unauthorized"}',
    '{"detail":{"message":"m"}}',
  ];

  it("renews the credential, which may be old, but is not told as the end of the sign-in", async () => {
    for (const body of foreign) {
      const expected = { text: "", failure: "unreadableAnswer", requests: 2 };
      assert.deepEqual(await outcome({ status: 401, body }), expected, body);
      assert.deepEqual(await outcome({ status: 401, body, backend: platform }), expected, body);
    }
    for (const body of own) {
      const expected = { text: "", failure: "signInExpired", requests: 2 };
      assert.deepEqual(await outcome({ status: 401, body }), expected, body);
    }
    for (const name of ["x-openai-authorization-error", "X-Error-Json"]) {
      const result = await outcome({ status: 401, body: "", headers: { [name]: "e30=" } });
      assert.equal(result.failure, "signInExpired", name);
    }
  });

  it("does not reject a key of which there is no other, nor a token that has just come", async () => {
    for (const code of ["keyRejected", "notYetAccepted"] as const) {
      const onRejected = () => Promise.reject(new Problem(code));
      for (const body of foreign) {
        const result = await outcome({ status: 401, body, backend: platform, onRejected });
        assert.deepEqual(result, { text: "", failure: "unreadableAnswer", requests: 1 }, body);
      }
    }
    for (const [code, failure] of [
      ["keyRejected", "apiKeyRejected"],
      ["notYetAccepted", "problem"],
      ["unreachable", "problem"],
    ] as const) {
      const onRejected = () => Promise.reject(new Problem(code));
      const result = await outcome({ status: 401, body: own[0] ?? "", backend: platform, onRejected });
      assert.equal(result.failure, failure);
    }
  });

  it("is the end of the sign-in all the same when that is known to be over", async () => {
    for (const code of ["needsSignIn", "unreachable"] as const) {
      const onRejected = () => Promise.reject(new Problem(code));
      const result = await outcome({ status: 401, body: "Unauthorized", onRejected });
      assert.equal(result.failure, code === "needsSignIn" ? "signInExpired" : "problem");
    }
  });
});

describe("an event", () => {
  const done = 'data: {"type":"response.completed","response":{"id":"r","output":[]}}\n\n';
  const delta = '{"type":"response.output_text.delta","delta":"text"}';
  const cases: readonly [string, string, string][] = [
    ["of the default name", `event: message\ndata: ${delta}\n\n`, "text"],
    ["with space around its name", `event:  response.output_text.delta \ndata: ${delta}\n\n`, "text"],
    [
      "with space around its name, and no type of its own",
      'event:  response.output_text.delta \ndata: {"delta":"text"}\n\n',
      "text",
    ],
    ["without a type of its own", 'event: response.output_text.delta\ndata: {"delta":"text"}\n\n', "text"],
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
    const cases: readonly [object, RequestFailureKind][] = [
      [failed({ error: { code: "usage_limit_reached" } }), "usageLimitReached"],
      [failed({ error: "usage_limit_reached" }), "usageLimitReached"],
      [{ ...failed({ id: "r" }), error: { code: "usage_limit_reached" } }, "usageLimitReached"],
      [{ type: "response.failed", code: "usage_limit_reached" }, "usageLimitReached"],
      [failed(undefined), "serverError"],
      [failed([{ error: "usage_limit_reached" }]), "serverError"],
      [failed({ error: [{ code: "usage_limit_reached" }] }), "serverError"],
      [failed({ error: { code: { toString: "x" }, type: ["usage_limit_reached"], message: 7 } }), "serverError"],
      [failed({ error: { code: "constructor" } }), "serverError"],
      [completed({ code: "insufficient_quota" }), "quotaExceeded"],
      [completed("insufficient_quota"), "quotaExceeded"],
      [{ ...completed({ code: "server_error" }), type: "response.incomplete" }, "serverError"],
    ];
    for (const [event, failure] of cases) {
      const body = `data: ${delta}\n\ndata: ${JSON.stringify(event)}\n\n`;
      assert.deepEqual(await outcome({ body }), { text: "text", failure, requests: 1 }, JSON.stringify(event));
    }
    assert.equal((await outcome({ body: `data: ${JSON.stringify(completed(null))}\n\n` })).failure, undefined);
  });

  it("that is an error without JSON ends the answer, though the connection stays open", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode(`data: ${delta}\n\nevent: error\ndata: upstream failed\n\n`)),
    });
    assert.deepEqual(await outcome({ body }), { text: "text", failure: "serverError", requests: 1 });
  });

  it("that says that there are no more ends an answer that is not complete, though the connection stays open", async () => {
    for (const [text, failure, requests] of [
      [`data: ${delta}\n\ndata: [DONE]\n\n`, "streamLost", 1],
      [`data: ${delta}\n\nevent: done\ndata:  [DONE] \n\n`, "streamLost", 1],
      [`data: ${delta}\n\n${done}data: [DONE]\n\n`, undefined, 1],
    ] as const) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      });
      assert.deepEqual(await outcome({ body }), { text: "text", failure, requests }, text);
    }
  });

  it("that says so too early is passed over, however long the next one takes", async () => {
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

  it("after the last one is not heard", async () => {
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
