import type { BearerCredential } from "../account/credentialSource.ts";
import { type Clock, delay } from "../platform/clock.ts";
import { describeError } from "../platform/logger.ts";
import { networkFailure } from "../platform/networkFailure.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { Backend, Credentials, RequestTraits } from "./backend.ts";
import { declaredForm } from "./bodyForm.ts";
import { failureOfResponse, refreshedCredential } from "./failures.ts";
import { isUnauthorized, RequestError, requestErrorOf, withoutDoubt } from "./requestError.ts";
import type { RequestBody } from "./responses.ts";
import { type CompletedResponse, type Reading, type ResponseSink, readResponse } from "./stream.ts";

export interface Sender {
  /** The host's own fetch, so that VS Code's proxy and certificate settings apply. */
  readonly fetch: typeof fetch;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Between 0 and 1; spreads the retries of many. */
  readonly random: () => number;
  readonly log: (line: string) => void;
}

export interface ResponseRequest {
  readonly backend: Backend;
  readonly body: RequestBody;
  readonly traits: RequestTraits;
  readonly sink: ResponseSink;
  readonly signal: AbortSignal;
  /** Hears the headers of the answer, which carry the plan's usage. */
  readonly onHeaders?: (headers: Headers) => void;
}

/** What Codex itself does: 4 retries from 200 ms on, doubling; 5 minutes of silence end a request. */
export const retryLimit = 4;
export const retryBaseMs = 200;
export const silenceLimitMs = 300_000;

/**
 * Sends one request and streams its answer into the sink.
 *
 * A 401 renews the credential and replays once. Failures of the service or the network are retried, with growing
 * pauses. Both only as long as nothing was shown: a person must not read half an answer twice.
 * @throws RequestError; an abort rejects with the signal's reason.
 */
export async function sendRequest(sender: Sender, request: ResponseRequest): Promise<CompletedResponse> {
  const { signal } = request;
  const sink = new WatchedSink(request.sink);
  const json = JSON.stringify(request.body);
  let credential = await held(sender.credentials.get(request.backend.credentialKind));
  let renewed = false;
  for (let retries = 0; ; ) {
    signal.throwIfAborted();
    try {
      return await attempt(sender, { ...request, sink }, json, credential);
    } catch (error) {
      signal.throwIfAborted();
      const failure = asRequestError(error);
      sender.log(`Request ended: ${failure.failure.kind}${failure.detail ? ` (${failure.detail})` : ""}`);
      if (sink.shown) throw failure;
      if (isUnauthorized(failure.failure) && !renewed) {
        renewed = true;
        credential = await held(refreshedCredential(sender.credentials, credential, failure));
      } else if (isPassing(failure) && retries < retryLimit) {
        await delay(sender.clock, retryBaseMs * 2 ** retries * (0.75 + sender.random() / 2), signal);
        retries += 1;
      } else {
        throw withoutDoubt(failure);
      }
    }
  }
}

async function attempt(
  sender: Sender,
  { backend, traits, sink, signal, onHeaders }: ResponseRequest,
  json: string,
  credential: BearerCredential,
): Promise<CompletedResponse> {
  // Aborting this is what closes the socket, whoever asks for it.
  const connection = new AbortController();
  const onAbort = () => connection.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const silence = new Silence(sender.clock, () => connection.abort(new RequestError({ kind: "silent" })));
  try {
    const response = await sender.fetch(backend.responsesUrl, {
      method: "POST",
      headers: {
        ...backend.headers(credential, traits),
        "Content-Type": "application/json",
        Accept: "text/event-stream",
      },
      body: json,
      redirect: "error",
      signal: connection.signal,
    });
    onHeaders?.(response.headers);
    if (!response.ok) throw await failureOfResponse(response, backend, sender.clock.now());
    if (!response.body) throw new RequestError({ kind: "unreadableAnswer" }, `HTTP ${response.status}`);
    const form = declaredForm(response.headers);
    return await streamed(response.body, sink, sender.clock, { backend, form, onBytes: () => silence.heard() });
  } catch (error) {
    throw connection.signal.aborted ? connection.signal.reason : error;
  } finally {
    silence.end();
    signal.removeEventListener("abort", onAbort);
  }
}

async function streamed(
  body: ReadableStream<Uint8Array>,
  sink: ResponseSink,
  clock: Clock,
  reading: Reading,
): Promise<CompletedResponse> {
  try {
    return await readResponse(body, sink, clock, reading);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError({ kind: "streamLost" }, describeError(error));
  }
}

/** Ends a connection on which nothing was heard for 5 minutes. One timer, not one for each piece of an answer. */
class Silence {
  readonly #clock: Clock;
  readonly #onSilence: () => void;
  #last: number;
  #timer: { dispose(): void };

  constructor(clock: Clock, onSilence: () => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
    this.#last = clock.now();
    this.#timer = clock.after(silenceLimitMs, this.#check);
  }

  heard(): void {
    this.#last = this.#clock.now();
  }

  end(): void {
    this.#timer.dispose();
  }

  readonly #check = (): void => {
    const left = this.#last + silenceLimitMs - this.#clock.now();
    if (left <= 0) this.#onSilence();
    else this.#timer = this.#clock.after(left, this.#check);
  };
}

/** Remembers whether anything of an answer became visible. */
class WatchedSink implements ResponseSink {
  shown = false;
  readonly #sink: ResponseSink;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  readonly text = (text: string): void => {
    this.shown = true;
    this.#sink.text(text);
  };

  readonly thinking = (text: string): void => {
    if (!this.#sink.thinking) return;
    this.shown = true;
    this.#sink.thinking(text);
  };

  readonly toolCall: ResponseSink["toolCall"] = (call) => {
    this.shown = true;
    this.#sink.toolCall(call);
  };

  readonly reasoning: NonNullable<ResponseSink["reasoning"]> = (item) => this.#sink.reasoning?.(item);
  readonly rateLimits = (event: unknown): void => this.#sink.rateLimits?.(event);
}

async function held(credential: Promise<BearerCredential>): Promise<BearerCredential> {
  try {
    return await credential;
  } catch (error) {
    throw error instanceof Problem ? requestErrorOf(error) : error;
  }
}

function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return requestErrorOf(error instanceof Problem ? error : networkFailure(error));
}

/** What may well be gone at the next try. A limit, a refusal or five silent minutes are not. */
function isPassing({ failure }: RequestError): boolean {
  if (failure.kind === "problem") return isProblem(failure.problem, "unreachable", "answerLost", "dnsFailed");
  return failure.kind === "serverError" || failure.kind === "overloaded" || failure.kind === "streamLost";
}
