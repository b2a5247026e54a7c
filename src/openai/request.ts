import type { BearerCredential } from "../account/credentialSource.ts";
import { type Clock, delay } from "../platform/clock.ts";
import type { HttpResponse } from "../platform/httpClient.ts";
import { parseJson } from "../platform/json.ts";
import { describeError } from "../platform/logger.ts";
import { networkFailure } from "../platform/networkFailure.ts";
import { isProblem, Problem, type ProblemCode } from "../shared/problem.ts";
import { authorizedCall } from "./authorizedCall.ts";
import type { Backend, Credentials, RequestTraits } from "./backend.ts";
import { declaredForm, errorBodyLimit, readJsonText } from "./bodyForm.ts";
import { failureOf, Refusal, refusalOrThrow } from "./failures.ts";
import type { CompletedResponse, ResponseSink } from "./responseEvents.ts";
import type { RequestBody } from "./responses.ts";
import { SilenceTimer } from "./silenceTimer.ts";
import { readResponse } from "./stream.ts";

export interface Sender {
  /** The editor's own fetch, so that VS Code's proxy and certificate settings apply. */
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
  /** Gets the headers of the answer, which carry the plan's usage. */
  readonly onHeaders?: (headers: Headers) => void;
}

/** What Codex itself does: 4 retries from 200 ms on, doubling. */
export const retryLimit = 4;
export const retryBaseMs = 200;

/** How long the body of an error may take, ms; the status says enough. */
export const errorBodyMs = 10_000;

/** What may well be gone at the next try. A limit, a refusal or five silent minutes are not. */
const passing: ReadonlySet<ProblemCode> = new Set([
  "unreachable",
  "answerLost",
  "dnsFailed",
  "serviceFailed",
  "overloaded",
  "streamLost",
]);

/**
 * Sends one request and streams its answer into the sink.
 *
 * A 401 has the credential replaced and the request sent again, once. Failures of the service or the network are
 * retried, with growing pauses. Both only while nothing was shown: a person must not read half an answer twice.
 * @throws Problem; an abort rejects with the signal's reason.
 */
export async function sendRequest(sender: Sender, request: ResponseRequest): Promise<CompletedResponse> {
  const sending = new Sending(sender, request);
  const { credentials } = sender;
  return authorizedCall(credentials, credentials.get(request.backend.credentialKind), (credential) =>
    sending.withRetries(credential),
  );
}

/** The attempts of one request. */
class Sending {
  readonly #sender: Sender;
  readonly #request: ResponseRequest;
  readonly #json: string;
  #isShown = false;
  #retries = 0;

  constructor(sender: Sender, request: ResponseRequest) {
    this.#sender = sender;
    this.#json = JSON.stringify(request.body);
    const sink = noticingWhatIsShown(request.sink, () => {
      this.#isShown = true;
    });
    this.#request = { ...request, sink };
  }

  /** @throws Problem; an abort rejects with the signal's reason */
  async withRetries(credential: BearerCredential): Promise<CompletedResponse | Refusal> {
    for (;;) {
      const outcome = await this.#attempt(credential);
      if (!(outcome instanceof Problem)) return outcome;
      if (!passing.has(outcome.code) || this.#retries >= retryLimit) throw outcome;
      const { clock, random } = this.#sender;
      await delay(clock, retryBaseMs * 2 ** this.#retries * (0.75 + random() / 2), this.#request.signal);
      this.#retries += 1;
    }
  }

  /** @returns a problem or a refusal only where another attempt may follow */
  async #attempt(credential: BearerCredential): Promise<CompletedResponse | Refusal | Problem> {
    const { signal } = this.#request;
    signal.throwIfAborted();
    const outcome = await attempt(this.#sender, this.#request, this.#json, credential).catch(onlyProblem);
    if (!(outcome instanceof Problem || outcome instanceof Refusal)) return outcome;
    signal.throwIfAborted();
    const problem = outcome instanceof Refusal ? outcome.problem : outcome;
    this.#sender.log(`Request ended: ${describeError(problem)}`);
    if (this.#isShown) throw problem;
    return outcome;
  }
}

async function attempt(
  sender: Sender,
  { backend, traits, sink, signal, onHeaders }: ResponseRequest,
  json: string,
  credential: BearerCredential,
): Promise<CompletedResponse | Refusal> {
  // Aborting this is what closes the socket, whoever asks for it.
  const connection = new AbortController();
  const onAbort = () => connection.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const { clock } = sender;
  const silence = new SilenceTimer(clock, (limit) => connection.abort(new Problem(limit)));
  try {
    const headers = {
      ...backend.headers(credential, traits),
      "Content-Type": "application/json",
      Accept: "text/event-stream",
    };
    const options = { method: "POST", headers, body: json, redirect: "error", signal: connection.signal } as const;
    const response = await sender.fetch(backend.responsesUrl, options).catch((error: unknown) => {
      throw networkFailure(error);
    });
    onHeaders?.(response.headers);
    if (!response.ok) return refusalOrThrow(failureOf(await errorAnswer(response, clock), backend, clock.now()));
    if (!response.body) throw new Problem("unreadableAnswer", `HTTP ${response.status}`);
    const form = declaredForm(response.headers);
    return await readResponse(response.body, sink, clock, { backend, form, onBytes: () => silence.reset() });
  } catch (error) {
    throw connection.signal.aborted ? connection.signal.reason : error;
  } finally {
    silence.dispose();
    signal.removeEventListener("abort", onAbort);
  }
}

/** A mistake of ours is not repeated: the service may have done its work, and is paid for each try. */
function onlyProblem(error: unknown): Problem {
  if (isProblem(error)) return error;
  throw error;
}

/** An answer that is no stream, as the HTTP client would give it: its body as far as it can be an error of the service. */
async function errorAnswer({ status, headers, body }: Response, clock: Clock): Promise<HttpResponse> {
  const text = body ? await errorText(body, clock) : "";
  return {
    status,
    headers: Object.fromEntries(headers),
    json: parseJson(text),
    looksLikePage: text.startsWith("<"),
  };
}

async function errorText(body: ReadableStream<Uint8Array>, clock: Clock): Promise<string> {
  const reader = body.getReader();
  // What has come until then is read all the same.
  const limit = clock.after(errorBodyMs, () => void reader.cancel().catch(() => {}));
  try {
    return await readJsonText(reader, new TextDecoder(), "", undefined, errorBodyLimit);
  } catch {
    // The status alone says enough.
    return "";
  } finally {
    limit.dispose();
    reader.cancel().catch(() => {});
  }
}

/** Passes everything on, and tells when a person begins to see something of the answer. */
function noticingWhatIsShown(sink: ResponseSink, onShown: () => void): ResponseSink {
  const { thinking } = sink;
  return {
    text(text) {
      onShown();
      sink.text(text);
    },
    toolCall(call) {
      onShown();
      sink.toolCall(call);
    },
    ...(thinking && {
      thinking(text) {
        onShown();
        thinking.call(sink, text);
      },
    }),
    reasoning: (item) => sink.reasoning?.(item),
    rateLimits: (event) => sink.rateLimits?.(event),
  };
}
