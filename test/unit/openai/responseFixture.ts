import assert from "node:assert/strict";
import type { Backend } from "../../../src/openai/backend.ts";
import { createOpenAi, type OpenAiDependencies } from "../../../src/openai/module.ts";
import type { RequestBody } from "../../../src/openai/responses.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { CollectedAnswer, TestCredentials, testDependencies } from "./fixture.ts";

const origin = "https://openai.test";
const { backend } = createOpenAi(testDependencies(origin));
export const chatgpt = backend("chatgpt");
export const platform = backend("platform");

export const events = [
  { type: "response.created", response: { id: "r" } },
  { type: "response.output_text.delta", delta: "Grüße " },
  { type: "response.output_text.delta", delta: "😀" },
  { type: "response.completed", response: { id: "r", output: [] } },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join("");

/** Each event needs its first line. */
export const textOnly = events.slice(events.indexOf("\n\n") + 2).replace(/^event: .*\n/gm, "");

export const page = "<!DOCTYPE html><html><title>Welcome to Hotel Wi-Fi</title></html>";
export const limit =
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

export interface Served {
  readonly body: string | ReadableStream<Uint8Array> | null;
  readonly contentType?: string | undefined;
  /** 200 unless told. */
  readonly status?: number;
  readonly sizes?: readonly number[];
  readonly backend?: Backend;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onRejected?: TestCredentials["onRejected"];
}

/** Sends a request that `fetch` answers. */
export async function sendTo(
  fetch: OpenAiDependencies["fetch"],
  {
    sink = new CollectedAnswer(),
    to = chatgpt,
    ...dependencies
  }: Partial<OpenAiDependencies> & { sink?: CollectedAnswer; to?: Backend } = {},
) {
  const requests = await createOpenAi({ ...testDependencies(origin), fetch, ...dependencies }).requests();
  return requests.send({
    backend: to,
    body: {} as RequestBody,
    traits: { sessionId: "s", responsesLite: false },
    sink,
    signal: new AbortController().signal,
  });
}

/** The code of the problem that something ends with, if any. */
export async function problemOf(work: Promise<unknown>): Promise<ProblemCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    assert.ok(isProblem(error), String(error));
    return error.code;
  }
}

/** What a request comes to that is answered so. */
export async function outcome(served: Served) {
  const { body, contentType, status = 200, sizes = [65_536], backend: to = chatgpt, headers, onRejected } = served;
  const sink = new CollectedAnswer();
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
  const failure = await problemOf(sendTo(answer, { sink, to, credentials }));
  return { text: sink.whole, failure, requests };
}

/** A body that begins so, and whose connection stays open. */
export function open(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) });
}
