import { createParser, type EventSourceParser } from "eventsource-parser";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import { parseJson } from "../platform/json.ts";
import { Problem } from "../shared/problem.ts";
import type { Backend } from "./backend.ts";
import { type BodyForm, FormDetector, readJsonText, readPiece } from "./bodyForm.ts";
import { failureOfBody, failureOfEvent, Refusal, refusalOrThrow } from "./failures.ts";
import { type CompletedResponse, ResponseEvents, type ResponseSink } from "./responseEvents.ts";

/** One event may hold a whole answer with encrypted reasoning; anything beyond this is not an event. */
const eventLimitCharacters = 32 * 1024 * 1024;
/** Of a whole answer: several times what the longest that a model gives have. */
export const answerLimitBytes = 256 * 1024 * 1024;

/** How a body is to be read. */
export interface Reading {
  /** Who answers. */
  readonly backend?: Pick<Backend, "kind">;
  /** What the body is declared to be; undefined where the body itself must tell. */
  readonly form?: BodyForm | undefined;
  /** Called whenever something has come. */
  readonly onBytes?: () => void;
}

/**
 * Reads a Responses API stream (`text/event-stream`) to its end.
 * @returns the refusal of the credential, where an event or the JSON in place of the stream is one
 * @throws Problem `streamLost` when it ends without `response.completed` or breaks (also by an abort of the fetch behind
 * `body`), `unreadableAnswer` when it is a page or endless, or what the service's failure event, or JSON in place of the
 * stream, means
 */
export async function readResponse(
  body: ReadableStream<Uint8Array>,
  sink: ResponseSink,
  clock: Clock,
  reading: Reading = {},
): Promise<CompletedResponse | Refusal> {
  const { backend = { kind: "chatgpt" } } = reading;
  const reader = body.getReader();
  const events = new ResponseEvents(sink, clock, (error) => failureOfEvent(error, backend, clock.now()));
  let isComplete = false;
  try {
    const outcome = await new StreamReader(reader, events, clock, { ...reading, backend }).read();
    isComplete = !(outcome instanceof Refusal);
    return outcome;
  } finally {
    events.dispose();
    if (isComplete) drain(reader, clock);
    // The socket must not stay open behind an answer that nobody reads.
    else reader.cancel().catch(() => {});
  }
}

/** Reads one body piece by piece, until its answer is complete or has failed. */
class StreamReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #events: ResponseEvents;
  readonly #clock: Clock;
  readonly #backend: Pick<Backend, "kind">;
  readonly #onBytes: () => void;
  readonly #parser: EventSourceParser;
  readonly #decoder = new TextDecoder();
  readonly #detector = new FormDetector();
  #leftBytes = answerLimitBytes;
  /** Ends the wait for more where the stream has said that there is no more. */
  #limit: Disposable | undefined;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    events: ResponseEvents,
    clock: Clock,
    { backend, form, onBytes = () => {} }: Reading & { readonly backend: Pick<Backend, "kind"> },
  ) {
    this.#reader = reader;
    this.#events = events;
    this.#clock = clock;
    this.#backend = backend;
    this.#onBytes = onBytes;
    this.#detector.form = form;
    this.#parser = createParser({
      onEvent: (message) => events.onEvent(message.event, message.data),
      onError: ({ type }) => events.onStrangeLine(type === "max-buffer-size-exceeded"),
      maxBufferSize: eventLimitCharacters,
    });
  }

  async read(): Promise<CompletedResponse | Refusal> {
    try {
      for (;;) {
        const { done, value } = await readPiece(this.#reader);
        if (!done) this.#note(value.byteLength);
        // An answer whose last blank line was cut off is whole all the same.
        const text = done ? `${this.#decoder.decode()}\n\n` : this.#decoder.decode(value, { stream: true });
        const outcome = await this.#take(text);
        if (outcome) return outcome;
        if (done) throw this.#events.atEnd();
        this.#limitWait();
      }
    } finally {
      this.#limit?.dispose();
    }
  }

  #note(bytes: number): void {
    this.#leftBytes -= bytes;
    if (this.#leftBytes < 0) throw new Problem("unreadableAnswer", "an answer without an end");
    this.#onBytes();
  }

  /** @returns undefined while the answer goes on */
  async #take(text: string): Promise<CompletedResponse | Refusal | undefined> {
    const start = this.#detector.form === undefined ? this.#detector.look(text) : 0;
    if (this.#detector.form === "page") throw new Problem("unreadableAnswer", "a page");
    if (this.#detector.form === "json") {
      const json = await readJsonText(this.#reader, this.#decoder, text.slice(start), this.#onBytes);
      return refusalOrThrow(failureOfBody(parseJson(json), this.#backend, this.#clock.now()));
    }
    this.#parser.feed(text.slice(start));
    const { failure, completed } = this.#events;
    return failure ? refusalOrThrow(failure) : completed;
  }

  /** The connection may stay open although the stream has said that there is no more. */
  #limitWait(): void {
    this.#limit?.dispose();
    this.#limit = this.#events.saysDone
      ? this.#clock.after(drainLimitMs, () => void this.#reader.cancel().catch(() => {}))
      : undefined;
  }
}

export const drainLimitMs = 1000;

/** Reads the few bytes after the last event, so that the connection can serve the next request; gives up after 1 s. */
function drain(reader: ReadableStreamDefaultReader<Uint8Array>, clock: Clock): void {
  const limit = clock.after(drainLimitMs, () => void reader.cancel().catch(() => {}));
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  rest()
    .catch(() => {})
    .finally(() => limit.dispose());
}
