import type { HttpResponse } from "../platform/httpClient.ts";
import { Problem } from "../shared/problem.ts";

/**
 * The error code of a refused call, wherever the issuer put it: `error.code`, `error` as a string, or `code`
 * (protocol.md section 4). Only something that looks like a code is taken, so that no free text travels on.
 */
export function errorCode(body: unknown): string | undefined {
  const outer = asRecord(body);
  const inner = asRecord(outer?.error);
  const code = [inner?.code, outer?.error, outer?.code, inner?.type].find(
    (value) => typeof value === "string" && value !== "",
  );
  return typeof code === "string" && /^[\w.-]{1,64}$/.test(code) ? code.toLowerCase() : undefined;
}

/** Whether a body says that it is an error, with a code or without. */
export function isErrorBody(body: unknown): boolean {
  const error = asRecord(body)?.error;
  const isText = typeof error === "string" && error !== "";
  return errorCode(body) !== undefined || isText || typeof asRecord(error)?.message === "string";
}

/**
 * Whether a body is an error as OpenAI's services write it, and not as whatever stands in between: each of theirs has a
 * message and a type, in an object.
 */
export function isServiceError(body: unknown): boolean {
  const error = asRecord(asRecord(body)?.error);
  return typeof error?.message === "string" && typeof error.type === "string";
}

/** Codes that say nothing of a credential or a grant, whatever the status that they come with. */
const passing: ReadonlySet<string> = new Set([
  "server_error",
  "server_is_overloaded",
  "slow_down",
  "temporarily_unavailable",
  "rate_limit_exceeded",
  "unsupported_country_region_territory",
]);

/** Whether a code says that the service failed for the moment, or that it would have refused anybody. */
export function isPassing(code: string | undefined): boolean {
  return code !== undefined && passing.has(code);
}

/** Whether an answer is a page, by what it is declared as or by its first characters. */
export function isPage({ headers, looksLikePage }: HttpResponse): boolean {
  return looksLikePage === true || /html/i.test(headers["content-type"] ?? "");
}

/**
 * What an answer with a failure status means, where the protocol gives it no meaning of its own; `refused` is what a
 * plain 4xx of this call stands for.
 */
export function failureOf(
  response: HttpResponse,
  refused: "exchangeRefused" | "needsSignIn" | "serviceFailed" | "unreadableAnswer",
): Problem {
  const { status } = response;
  const code = errorCode(response.json);
  const detail = [status, code, requestId(response)].filter(Boolean).join(" ");
  // An error is none the better for coming with a status of success.
  const isError = status < 300 && code !== undefined;
  const isRefusal = isError || (status >= 400 && status < 500);
  if (isRefusal && code?.startsWith("unsupported_country")) return new Problem("regionBlocked", detail);
  if (status === 403 && response.json === undefined) return new Problem("edgeBlocked", detail);
  if (status === 429 || (isRefusal && code === "rate_limit_exceeded")) return new Problem("rateLimited", detail);
  if (isRefusal && isPassing(code)) return new Problem("serviceFailed", detail);
  // RFC 6585: a captive portal, never the service.
  if (status === 511) return new Problem("networkSignIn", detail);
  if (status >= 500) return new Problem("serviceFailed", detail);
  if (status === 407) return new Problem("proxyFailed", detail);
  if (isError || (status >= 400 && response.json !== undefined)) return new Problem(refused, detail);
  return new Problem("unreadableAnswer", detail);
}

/** The identifier that support asks for; it names a request and opens nothing. */
function requestId({ headers }: HttpResponse): string | undefined {
  const id = headers["x-request-id"] ?? headers["cf-ray"];
  return id && /^[\w-]{1,64}$/.test(id) ? `request ${id}` : undefined;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}
