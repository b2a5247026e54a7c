import assert from "node:assert/strict";
import { errorBodyLimit } from "../../../src/openai/bodyForm.ts";
import { failureOf, failureOfBody, failureOfEvent, Refusal } from "../../../src/openai/failures.ts";
import { type Fixture, startFixture } from "./fixture.ts";

describe("The body of an error", () => {
  let fixture: Fixture;
  let pulled: number;
  let isCancelled: boolean;
  beforeEach(async () => {
    fixture = await startFixture();
    pulled = 0;
    isCancelled = false;
  });
  afterEach(() => fixture.stop());

  /** Answers with an error that begins like this, and whose connection stays open. */
  function answerWith(beginning: string, piece?: string): void {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode(beginning)),
      pull(controller) {
        if (piece === undefined) return new Promise<void>(() => {});
        pulled += piece.length;
        if (pulled > 16 * errorBodyLimit) controller.error(new Error("too much was read"));
        else controller.enqueue(encoder.encode(piece));
      },
      cancel() {
        isCancelled = true;
      },
    });
    Object.assign(fixture.dependencies, { fetch: async () => new Response(body, { status: 400 }) });
  }

  it("is read up to a limit, and its connection is closed", async () => {
    answerWith('{"error":{"message":"', "a".repeat(64 * 1024));
    assert.equal((await fixture.failure()).code, "badRequest");
    assert.ok(pulled < 2 * errorBodyLimit, `${pulled} were read`);
    assert.equal(isCancelled, true);
  });

  it("is read no further when it is complete, and its connection is closed", async () => {
    answerWith('{"error":{"code":"context_length_exceeded"}}');
    assert.equal((await fixture.failure()).code, "contextLengthExceeded");
    assert.equal(isCancelled, true);
  });
});

describe("What is logged of an error", () => {
  const codes: readonly [code: string, logged: string][] = [
    ["some_code", " some_code"],
    ["[Sign in](command:evil)", ""],
    ["free text with a canary", ""],
    ["two\nlines", ""],
    ["Canary", ""],
    [`c${"x".repeat(64)}`, ""],
    ["", ""],
  ];
  for (const [code, logged] of codes) {
    it(`is its code, if it is one: ${JSON.stringify(code)}`, () => {
      const backend = { kind: "chatgpt" } as const;
      const detailOf = (failure: ReturnType<typeof failureOf>) =>
        (failure instanceof Refusal ? failure.problem : failure).detail;
      for (const error of [
        { code, message: "canary" },
        { type: code, message: "canary" },
      ]) {
        const response = { status: 400, headers: {}, json: { error } };
        assert.equal(detailOf(failureOf(response, backend, 0)), `HTTP 400${logged}`);
        assert.equal(detailOf(failureOfBody({ error }, backend, 0)), `HTTP 200 with JSON${logged}`);
        assert.equal(detailOf(failureOfEvent({ error }, backend, 0)), `event${logged}`);
      }
    });
  }
});
