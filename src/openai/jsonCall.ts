import type { BearerCredential } from "../account/credentialSource.ts";
import type { Clock } from "../platform/clock.ts";
import type { HttpClient, HttpResponse } from "../platform/httpClient.ts";
import { asRecord } from "../platform/untrusted.ts";
import type { Backend } from "./backend.ts";
import { failureOf, failureOfBody, type Refusal, refusalOrThrow } from "./failures.ts";

export interface JsonSender {
  readonly http: Pick<HttpClient, "send">;
  readonly clock: Clock;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

export interface JsonRequest {
  readonly backend: Backend;
  readonly credential: BearerCredential;
  readonly url: string;
  readonly timeoutMs: number;
  /** The longest answer that is read; in bytes; the HTTP client's limit by default. */
  readonly maxBytes?: number;
  /** Of the last answer: the service may answer 304 instead of sending it again. */
  readonly etag?: string | undefined;
}

/**
 * Reads a JSON object from one of the services.
 * @returns the answer, whose `json` is an object that is no error (or whose status is 304, where an ETag was sent); or
 * the refusal of the credential
 * @throws Problem for every other answer, and when there is none
 */
export async function getJson(sender: JsonSender, request: JsonRequest): Promise<HttpResponse | Refusal> {
  const { backend, credential, url, timeoutMs, maxBytes, etag } = request;
  const response = await sender.http.send({
    method: "GET",
    url,
    headers: { ...backend.headers(credential), ...(etag !== undefined && { "If-None-Match": etag }) },
    timeoutMs,
    ...(maxBytes !== undefined && { maxBytes }),
    ...(sender.signal && { signal: sender.signal }),
  });
  const { status, json } = response;
  if (status === 304 && etag !== undefined) return response;
  if (status < 200 || status >= 300) return refusalOrThrow(failureOf(response, backend, sender.clock.now()));
  const record = asRecord(json);
  if (record && (record.error ?? undefined) === undefined) return response;
  return refusalOrThrow(failureOfBody(json, backend, sender.clock.now()));
}
