import assert from "node:assert/strict";
import { readResponse } from "../../../src/openai/stream.ts";
import { TextBatch } from "../../../src/openai/textBatch.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { CollectedAnswer } from "./fixture.ts";

/** A clock whose timers a test fires. */
class HandClock {
  readonly pending = new Set<() => void>();
  now(): number {
    return 0;
  }
  elapsed(): number {
    return 0;
  }
  after(_ms: number, callback: () => void) {
    this.pending.add(callback);
    return { dispose: () => this.pending.delete(callback) };
  }
  fire(): void {
    const due = [...this.pending];
    this.pending.clear();
    for (const callback of due) callback();
  }
}

describe("a batch of text", () => {
  it("reports the first piece at once, then at 256 characters or when the timer fires", () => {
    const clock = new HandClock();
    const reports: string[] = [];
    const batch = new TextBatch(clock, (text) => reports.push(text));
    batch.add("");
    batch.add("first");
    assert.deepEqual(reports, ["first"]);
    for (let count = 0; count < 255; count += 1) batch.add("x");
    assert.equal(reports.length, 1);
    batch.add("y");
    assert.equal(reports[1], `${"x".repeat(255)}y`);
    batch.add("z");
    assert.equal(clock.pending.size, 1);
    clock.fire();
    assert.equal(reports[2], "z");
    batch.add("last");
    batch.flush();
    batch.dispose();
    assert.deepEqual(reports.slice(3), ["last"]);
    assert.equal(clock.pending.size, 0);
  });
});

const completed = { type: "response.completed", response: { id: "resp_1", output: [], usage: null } };
const delta = (text: string) => ({ type: "response.output_text.delta", delta: text });

/** A body that arrives in pieces of `size` bytes. */
function body(text: string, size = text.length): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.close();
    },
  });
}

function sse(...events: { type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

async function collectedFrom(text: string, size?: number): Promise<CollectedAnswer> {
  const collected = new CollectedAnswer();
  await readResponse(body(text, size), collected, systemClock);
  return collected;
}

describe("a streamed answer", () => {
  it("is the same however its bytes are cut", async () => {
    const text = sse(delta("Grüße 😀 "), delta("日本"), completed);
    for (const size of [1, 2, 3, 7, 64]) assert.equal((await collectedFrom(text, size)).whole, "Grüße 😀 日本");
    assert.equal((await collectedFrom(text.replaceAll("\n", "\r\n"))).whole, "Grüße 😀 日本");
  });

  it("passes over events that it does not know, comments, and what is not JSON", async () => {
    const text = `: ping\n\n${sse({ type: "response.new_thing" })}data: [DONE]\n\ndata: {"type":7}\n\ndata: null\n\n${sse(delta("ok"), completed)}`;
    assert.equal((await collectedFrom(text)).whole, "ok");
  });

  it("needs no event lines", async () => {
    const text = sse(delta("ok"), completed).replaceAll(/^event: .*\n/gm, "");
    assert.equal((await collectedFrom(text)).whole, "ok");
  });

  it("takes what was not streamed from the items that are done, and nothing twice", async () => {
    const message = { type: "message", content: [{ type: "output_text", text: "whole" }] };
    const call = { type: "function_call", call_id: "c1", name: "t", arguments: "{}" };
    const item = (done: object) => ({ type: "response.output_item.done", item: done });
    const end = { type: "response.completed", response: { id: "r", output: [message, call] } };
    for (const text of [
      sse(item(message), item(call), end),
      sse(end),
      sse(delta("whole"), item(message), item(call), end),
    ]) {
      const collected = await collectedFrom(text);
      assert.equal(collected.whole, "whole");
      assert.equal(collected.calls.length, 1);
    }
  });

  it("shows a refusal as text", async () => {
    assert.equal(
      (await collectedFrom(sse({ type: "response.refusal.delta", delta: "No." } as { type: string }, completed))).whole,
      "No.",
    );
  });

  it("reports text before the tool call that follows it", async () => {
    const order: string[] = [];
    const call = { type: "function_call", call_id: "c1", name: "t", arguments: "{}" };
    const text = sse(
      delta("a"),
      delta("b"),
      { type: "response.output_item.done", item: call } as { type: string },
      delta("c"),
      completed,
    );
    await readResponse(
      body(text),
      { text: (piece) => order.push(piece), toolCall: () => order.push("call") },
      systemClock,
    );
    assert.deepEqual(order, ["a", "b", "call", "c"]);
  });

  it("tells why it stops early", async () => {
    const incomplete = {
      type: "response.incomplete",
      response: { id: "r", incomplete_details: { reason: "max_output_tokens" } },
    };
    const done = await readResponse(body(sse(delta("cut"), incomplete)), new CollectedAnswer(), systemClock);
    assert.ok("incomplete" in done);
    assert.equal(done.incomplete, "max_output_tokens");
  });

  it("is lost without its end, and what was pending is shown", async () => {
    const collected = new CollectedAnswer();
    await assert.rejects(readResponse(body(sse(delta("a"), delta("b"))), collected, systemClock), (error) =>
      isProblem(error, "streamLost"),
    );
    assert.equal(collected.whole, "ab");
  });

  it("that fails shows first what was pending", async () => {
    const collected = new CollectedAnswer();
    const events = sse(delta("a"), delta("b"), { type: "response.failed" });
    await assert.rejects(readResponse(body(events), collected, systemClock), (error) =>
      isProblem(error, "serviceFailed"),
    );
    assert.equal(collected.whole, "ab");
  });

  it("fails on tool arguments that are no JSON object, rather than call a tool with others", async () => {
    for (const wrong of ['{"path":', "[]", "null", "7", '"text"', " ", null, undefined, 7, {}, ["{}"]]) {
      const call = { type: "function_call", call_id: "c1", name: "rm", arguments: wrong };
      const collected = new CollectedAnswer();
      await assert.rejects(
        readResponse(
          body(sse({ type: "response.output_item.done", item: call } as { type: string }, completed)),
          collected,
          systemClock,
        ),
        (error) => isProblem(error, "unreadableAnswer"),
        JSON.stringify(wrong),
      );
      assert.equal(collected.calls.length, 0);
    }
  });

  it("hands over the model's thinking once, though the final answer has it again", async () => {
    const item = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "opaque" };
    const end = { type: "response.completed", response: { id: "r", output: [item] } };
    const collected = await collectedFrom(sse({ type: "response.output_item.done", item } as { type: string }, end));
    assert.equal(collected.reasoningItems.length, 1);
  });

  it("joins 20,000 deltas into a few hundred reports", async () => {
    const text = sse(...Array.from({ length: 20_000 }, () => delta("word ")), completed);
    const collected = await collectedFrom(text, 16_384);
    assert.equal(collected.whole.length, 100_000);
    assert.equal(collected.reports[0], "word ");
    assert.ok(collected.reports.length < 600, `${collected.reports.length} reports`);
  });

  it("reads no further once a failure was told, and closes the connection", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode(sse({ type: "error", code: "slow_down" } as { type: string }))),
      cancel: () => {
        cancelled = true;
      },
    });
    await assert.rejects(readResponse(stream, new CollectedAnswer(), systemClock), (error) =>
      isProblem(error, "overloaded"),
    );
    assert.ok(cancelled);
  });
});
