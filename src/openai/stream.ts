import { createParser } from "eventsource-parser";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { Backend } from "./backend.ts";
import { type BodyForm, FormDetector, readJsonText } from "./bodyForm.ts";
import { failureOfBody, failureOfEvent } from "./failures.ts";
import type { ReasoningItem, ToolCall } from "./messages.ts";
import { RequestError } from "./requestError.ts";
import { TextBatch } from "./textBatch.ts";
import { asArray, asNumber, asRecord, asString } from "./untrusted.ts";

/** Hears a streamed answer, in its order. Text comes folded (see TextBatch). None of these may throw. */
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
  /** Why the answer stops early though the service counts it as done, e.g. `max_output_tokens`. */
  readonly incomplete: string | undefined;
}

/** One event may hold a whole answer with encrypted reasoning; anything beyond this is not an event. */
const eventLimitCharacters = 32 * 1024 * 1024;

/** Events of the protocol that say something to us; its others are skipped unparsed, which spares most of the work for tool arguments. */
const heard: ReadonlySet<string> = new Set([
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

/** How a body is to be read. */
export interface Reading {
  /** Who answers. */
  readonly backend?: Pick<Backend, "kind">;
  /** What the body is declared to be; undefined, and it must tell itself. */
  readonly form?: BodyForm | undefined;
  /** Called whenever something has come. */
  readonly onBytes?: () => void;
}

/**
 * Reads a Responses API stream (`text/event-stream`) to its end.
 * @throws RequestError `streamLost` when it ends without `response.completed`, `unreadableAnswer` when it is a page, or
 * what the service's failure event, or the JSON that stands in place of the stream, means. An abort of the fetch behind
 * `body` rejects with that abort's reason.
 */
export async function readResponse(
  body: ReadableStream<Uint8Array>,
  sink: ResponseSink,
  clock: Clock,
  { backend = { kind: "chatgpt" }, form, onBytes = () => {} }: Reading = {},
): Promise<CompletedResponse> {
  const fold = new TextBatch(clock, (text) => sink.text(text));
  const answer = new Answer(sink, fold, clock, backend);
  const parser = createParser({
    onEvent: (message) => answer.onEvent(message.event, message.data),
    onError: ({ type }) => answer.onStrangeLine(type === "max-buffer-size-exceeded"),
    maxBufferSize: eventLimitCharacters,
  });
  const decoder = new TextDecoder();
  const detector = new FormDetector();
  detector.form = form;
  const reader = body.getReader();
  let limit: Disposable | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (!done) onBytes();
      // An answer whose last blank line was cut off is whole all the same.
      const text = done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true });
      const start = detector.form === undefined ? detector.look(text) : 0;
      if (detector.form === "page") throw new RequestError({ kind: "unreadableAnswer" }, "a page");
      if (detector.form === "json") {
        const json = await readJsonText(reader, decoder, text.slice(start), onBytes);
        throw failureOfBody(json, backend, clock.now());
      }
      parser.feed(text.slice(start));
      if (answer.failure) throw answer.failure;
      if (answer.completed) {
        if (!done) drain(reader, clock);
        return answer.completed;
      }
      if (done) break;
      // The connection may stay open all the same.
      limit?.dispose();
      limit = answer.saysDone ? clock.after(drainLimitMs, () => void reader.cancel().catch(() => {})) : undefined;
    }
    fold.flush();
    throw answer.isForeign
      ? new RequestError({ kind: "unreadableAnswer" }, "no events")
      : new RequestError({ kind: "streamLost" }, "no response.completed");
  } catch (error) {
    // The socket must not stay open behind an answer that nobody reads.
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    limit?.dispose();
    fold.dispose();
  }
}

/** What has been heard of one answer. */
class Answer {
  completed: CompletedResponse | undefined;
  failure: RequestError | undefined;
  /** The stream says, in another protocol's words, that nothing more will come. */
  saysDone = false;
  readonly #sink: ResponseSink;
  readonly #fold: TextBatch;
  readonly #clock: Clock;
  readonly #backend: Pick<Backend, "kind">;
  readonly #calls = new Set<string>();
  #textSeen = false;
  #eventSeen = false;
  #strangeLineSeen = false;

  constructor(sink: ResponseSink, fold: TextBatch, clock: Clock, backend: Pick<Backend, "kind">) {
    this.#backend = backend;
    this.#sink = sink;
    this.#fold = fold;
    this.#clock = clock;
  }

  /** Whether text has come that is not an event stream's. */
  get isForeign(): boolean {
    return this.#strangeLineSeen && !this.#eventSeen;
  }

  /** A line that is no field of an event; one without an end is not waited for. */
  onStrangeLine(isEndless: boolean): void {
    this.#strangeLineSeen = true;
    if (isEndless) this.failure ??= new RequestError({ kind: "unreadableAnswer" }, "an event without an end");
  }

  onEvent(field: string | undefined, data: string): void {
    this.#eventSeen = true;
    this.saysDone = false;
    const name = field?.trim();
    if (this.completed || this.failure || (name?.startsWith("response.") && !heard.has(name))) return;
    let event: Readonly<Record<string, unknown>> | undefined;
    try {
      event = asRecord(JSON.parse(data));
    } catch {
      // `[DONE]`, a comment of a proxy: not an event of the protocol.
    }
    if (event) this.#hear(asString(event.type) ?? name, event);
    // Of an error, what is not JSON says nothing that could be shown, but nothing comes after it.
    else if (name === "error") this.#fail(undefined);
    else if (data.trim() === "[DONE]") this.saysDone = true;
  }

  /** @param type what the event says it is, or the stream says of it: gateways leave out the one or the other */
  #hear(type: string | undefined, event: Readonly<Record<string, unknown>>): void {
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
        else this.#end(asRecord(event.response) ?? {});
        return;
      case "response.failed":
        this.#fail(asRecord(event.response)?.error ? event.response : event);
        return;
      case "error":
        this.#fail(event);
        return;
      default:
        // An error that says nothing else of itself, as gateways send it.
        if (!type?.startsWith("response.") && (event.error ?? (event.type ? undefined : event.detail)))
          this.#fail(event);
    }
  }

  #fail(error: unknown): void {
    this.#fold.flush();
    this.failure = failureOfEvent(error, this.#backend, this.#clock.now());
  }

  #text(delta: string): void {
    this.#textSeen = true;
    this.#fold.add(delta);
  }

  #item(item: Readonly<Record<string, unknown>> | undefined): void {
    if (item?.type === "function_call") this.#toolCall(item);
    else if (item?.type === "reasoning") this.#reasoning(item);
    // Text that came whole, without deltas.
    else if (item?.type === "message" && !this.#textSeen) {
      for (const part of asArray(item.content)) this.#text(asString(asRecord(part)?.text) ?? "");
    }
  }

  #toolCall(item: Readonly<Record<string, unknown>>): void {
    const callId = asString(item.call_id);
    const name = asString(item.name);
    if (!callId || !name || this.#calls.has(callId)) return;
    this.#fold.flush();
    const input = parsedArguments(item.arguments);
    if (!input) {
      this.failure = new RequestError({ kind: "unreadableAnswer" }, "tool arguments");
      return;
    }
    this.#calls.add(callId);
    this.#sink.toolCall({ type: "toolCall", callId, name, input });
  }

  #reasoning(item: Readonly<Record<string, unknown>>): void {
    const id = asString(item.id);
    const encryptedContent = asString(item.encrypted_content);
    if (!id || !encryptedContent) return;
    const summary = asArray(item.summary).flatMap((part) => asString(asRecord(part)?.text) ?? []);
    this.#sink.reasoning?.({ type: "reasoning", id, summary, encryptedContent });
  }

  #end(response: Readonly<Record<string, unknown>>): void {
    // Whatever was not streamed stands in the final answer.
    for (const item of asArray(response.output)) {
      const record = asRecord(item);
      if (record?.type !== "reasoning") this.#item(record);
    }
    this.#fold.flush();
    const incomplete = asString(asRecord(response.incomplete_details)?.reason);
    if (incomplete === "content_filter") {
      this.failure = new RequestError({ kind: "contentRefused" }, incomplete);
    } else {
      this.completed = { id: asString(response.id) ?? "", usage: tokenUsage(asRecord(response.usage)), incomplete };
    }
  }
}

function parsedArguments(text: unknown): object | undefined {
  if (text === "") return {};
  if (typeof text !== "string") return undefined;
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function tokenUsage(usage: Readonly<Record<string, unknown>> | undefined): TokenUsage | undefined {
  if (!usage) return undefined;
  return {
    inputTokens: asNumber(usage.input_tokens) ?? 0,
    cachedInputTokens: asNumber(asRecord(usage.input_tokens_details)?.cached_tokens) ?? 0,
    outputTokens: asNumber(usage.output_tokens) ?? 0,
    reasoningTokens: asNumber(asRecord(usage.output_tokens_details)?.reasoning_tokens) ?? 0,
  };
}

export const drainLimitMs = 1000;

/** Reads the few bytes after the last event, so that the connection can serve the next request; gives up after 1 s. */
function drain(reader: ReadableStreamDefaultReader<Uint8Array>, clock: Clock): void {
  const limit: Disposable = clock.after(drainLimitMs, () => void reader.cancel().catch(() => {}));
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  rest()
    .catch(() => {})
    .finally(() => limit.dispose());
}
