import type { Clock } from "../platform/clock.ts";
import { parseJson } from "../platform/json.ts";
import { asArray, asCode, asNumber, asRecord, asString } from "../platform/untrusted.ts";
import { Problem } from "../shared/problem.ts";
import type { Refusal } from "./failures.ts";
import type { ReasoningItem, ToolCall } from "./messages.ts";
import { TextBatch } from "./textBatch.ts";

/** Gets a streamed answer, in its order. Text comes in batches (see TextBatch). None of these may throw. */
export interface ResponseSink {
  text(text: string): void;
  /** The summary of the model's thinking, where one was asked for. */
  thinking?(text: string): void;
  toolCall(call: ToolCall): void;
  /** Comes before the text and the tool calls that it led to. */
  reasoning?(item: ReasoningItem): void;
  /** The parsed SSE event `codex.rate_limits`. */
  rateLimits?(event: unknown): void;
}

export interface TokenUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export interface CompletedResponse {
  readonly id: string;
  readonly usage: TokenUsage | undefined;
  /** The code of why the answer stops early though the service counts it as done, e.g. `max_output_tokens`. */
  readonly incomplete: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** The events that are used; others of the protocol are skipped unparsed, which saves most of the work for tool arguments. */
const usedEvents: ReadonlySet<string> = new Set([
  "response.output_text.delta",
  "response.refusal.delta",
  "response.reasoning_summary_text.delta",
  "response.output_item.done",
  "response.completed",
  "response.incomplete",
  "response.failed",
  "error",
  "codex.rate_limits",
]);

/** Turns the events of one answer into calls of its sink, and knows whether it is complete or has failed. */
export class ResponseEvents {
  completed: CompletedResponse | undefined;
  failure: Problem | Refusal | undefined;
  /** The stream says, in another protocol's words, that nothing more will come. */
  saysDone = false;
  readonly #sink: ResponseSink;
  readonly #batch: TextBatch;
  readonly #failureOf: (error: unknown) => Problem | Refusal;
  readonly #calls = new Set<string>();
  #textSeen = false;
  #eventSeen = false;
  #strangeLineSeen = false;

  /** @param failureOf what the error of a failure event means */
  constructor(sink: ResponseSink, clock: Clock, failureOf: (error: unknown) => Problem | Refusal) {
    this.#sink = sink;
    this.#batch = new TextBatch(clock, (text) => sink.text(text));
    this.#failureOf = failureOf;
  }

  /** What a stream means that ends without having completed or failed. Text that has come is reported. */
  atEnd(): Problem {
    this.#batch.flush();
    return this.#strangeLineSeen && !this.#eventSeen
      ? new Problem("unreadableAnswer", "no events")
      : new Problem("streamLost", "no response.completed");
  }

  /** A line that is no field of an event; one without an end is not waited for. */
  onStrangeLine(isEndless: boolean): void {
    this.#strangeLineSeen = true;
    if (isEndless) this.failure ??= new Problem("unreadableAnswer", "an event without an end");
  }

  /** @param name the event's name in the stream, where it has one */
  onEvent(name: string | undefined, data: string): void {
    this.#eventSeen = true;
    this.saysDone = false;
    const streamType = name?.trim();
    if (this.completed || this.failure || (streamType?.startsWith("response.") && !usedEvents.has(streamType))) return;
    // Not JSON: `[DONE]`, a comment of a proxy.
    const event = asRecord(parseJson(data));
    if (event) this.#handle(asString(event.type) ?? streamType, event);
    // An error that is not JSON says nothing that could be shown, but nothing comes after it.
    else if (streamType === "error") this.#fail(undefined);
    else if (data.trim() === "[DONE]") this.saysDone = true;
  }

  dispose(): void {
    this.#batch.dispose();
  }

  /** @param type of the event itself, or else of the stream: gateways leave out the one or the other */
  #handle(type: string | undefined, event: Fields): void {
    switch (type) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        if (typeof event.delta === "string") this.#text(event.delta);
        return;
      case "response.reasoning_summary_text.delta":
        if (typeof event.delta === "string") this.#sink.thinking?.(event.delta);
        return;
      case "response.output_item.done":
        this.#item(asRecord(event.item));
        return;
      case "codex.rate_limits":
        this.#sink.rateLimits?.(event);
        return;
      case "response.completed":
      case "response.incomplete":
        if (asRecord(event.response)?.error) this.#fail(event.response);
        else this.#complete(asRecord(event.response) ?? {});
        return;
      case "response.failed":
        this.#fail(asRecord(event.response)?.error ? event.response : event);
        return;
      case "error":
        this.#fail(event);
        return;
      default:
        if (isUntypedError(type, event)) this.#fail(event);
    }
  }

  #fail(error: unknown): void {
    this.#batch.flush();
    this.failure = this.#failureOf(error);
  }

  #text(delta: string): void {
    this.#textSeen = true;
    this.#batch.add(delta);
  }

  #item(item: Fields | undefined): void {
    if (item?.type === "function_call") this.#toolCall(item);
    else if (item?.type === "reasoning") this.#reasoning(item);
    // Text that came whole, without deltas.
    else if (item?.type === "message" && !this.#textSeen) {
      for (const part of asArray(item.content)) this.#text(asString(asRecord(part)?.text) ?? "");
    }
  }

  #toolCall(item: Fields): void {
    const callId = asString(item.call_id);
    const name = asString(item.name);
    if (!callId || !name || this.#calls.has(callId)) return;
    this.#batch.flush();
    const input = item.arguments === "" ? {} : asRecord(parseJson(item.arguments));
    if (!input) {
      this.failure = new Problem("unreadableAnswer", "tool arguments");
      return;
    }
    this.#calls.add(callId);
    this.#sink.toolCall({ type: "toolCall", callId, name, input });
  }

  #reasoning(item: Fields): void {
    const id = asString(item.id);
    const encryptedContent = asString(item.encrypted_content);
    if (!id || !encryptedContent) return;
    const summary = asArray(item.summary).flatMap((part) => asString(asRecord(part)?.text) ?? []);
    this.#sink.reasoning?.({ type: "reasoning", id, summary, encryptedContent });
  }

  #complete(response: Fields): void {
    // What was not streamed is in the final answer.
    for (const item of asArray(response.output)) {
      const record = asRecord(item);
      if (record?.type !== "reasoning") this.#item(record);
    }
    this.#batch.flush();
    const incomplete = asCode(asRecord(response.incomplete_details)?.reason);
    if (incomplete === "content_filter") {
      this.failure = new Problem("contentRefused", incomplete);
    } else {
      this.completed = { id: asString(response.id) ?? "", usage: tokenUsage(asRecord(response.usage)), incomplete };
    }
  }
}

/** An error that does not say that it is one, as gateways send it. */
function isUntypedError(type: string | undefined, event: Fields): boolean {
  if (type?.startsWith("response.")) return false;
  return Boolean(event.error ?? (event.type ? undefined : event.detail));
}

function tokenUsage(usage: Fields | undefined): TokenUsage | undefined {
  if (!usage) return undefined;
  return {
    inputTokens: asNumber(usage.input_tokens) ?? 0,
    cachedInputTokens: asNumber(asRecord(usage.input_tokens_details)?.cached_tokens) ?? 0,
    outputTokens: asNumber(usage.output_tokens) ?? 0,
    reasoningTokens: asNumber(asRecord(usage.output_tokens_details)?.reasoning_tokens) ?? 0,
  };
}
