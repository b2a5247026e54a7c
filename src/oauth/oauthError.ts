import type { HttpResponse } from "../platform/httpClient.ts";
import { asRecord } from "../platform/untrusted.ts";
import { Problem, type ProblemCode } from "../shared/problem.ts";

/**
 * The error code of a refused call, wherever the issuer put it: `error.code`, `error` as a string (RFC 6749 section
 * 5.2), `code`, or `error.type`. Only what looks like a code counts, so that no free text gets into logs.
 * @returns the code in lower case
 */
export function errorCode(body: unknown): string | undefined {
  const outer = asRecord(body);
  const inner = asRecord(outer?.error);
  const code = [inner?.code, outer?.error, outer?.code, inner?.type].find(
    (value) => typeof value === "string" && value !== "",
  );
  return typeof code === "string" && /^[\w.-]{1,64}$/.test(code) ? code.toLowerCase() : undefined;
}

/** Whether a body is an error, with or without a code. */
export function isErrorBody(body: unknown): boolean {
  const error = asRecord(body)?.error;
  const isText = typeof error === "string" && error !== "";
  return errorCode(body) !== undefined || isText || typeof asRecord(error)?.message === "string";
}

/**
 * Whether a body is an error as OpenAI's services write it: an object with a message and a type. Gateways and proxies
 * write theirs differently.
 */
export function isServiceError(body: unknown): boolean {
  const error = asRecord(asRecord(body)?.error);
  return typeof error?.message === "string" && typeof error.type === "string";
}

/** Codes that say nothing about a credential or a grant, whatever their status. */
const passing: ReadonlySet<string> = new Set([
  "server_error",
  "server_is_overloaded",
  "slow_down",
  "temporarily_unavailable",
  "rate_limit_exceeded",
  "unsupported_country_region_territory",
]);

/** Whether a code means that the service failed temporarily, or that it would have refused anybody. */
export function isPassing(code: string | undefined): boolean {
  return code !== undefined && passing.has(code);
}

/** Whether an answer is an HTML or XML page, by its declared type or its first characters. */
export function isPage({ headers, looksLikePage }: HttpResponse): boolean {
  return looksLikePage === true || /html/i.test(headers["content-type"] ?? "");
}

/** What a plain refusal (4xx) of a call means. */
type Refusal = "exchangeRefused" | "needsSignIn" | "serviceFailed" | "unreadableAnswer";

/**
 * What a failed answer means, as far as that is the same for every call.
 * @param refused what a plain refusal of this call means
 */
export function failureOf(response: HttpResponse, refused: Refusal): Problem {
  const code = errorCode(response.json);
  const detail = [response.status, code, requestId(response)].filter(Boolean).join(" ");
  return new Problem(problemCode(response, code, refused), detail);
}

function problemCode({ status, json }: HttpResponse, code: string | undefined, refused: Refusal): ProblemCode {
  // An error is an error, also with a status of success.
  const isError = status < 300 && code !== undefined;
  const isRefusal = isError || (status >= 400 && status < 500);
  const meaning = isRefusal ? meaningOf(status, code) : undefined;
  if (meaning) return meaning;
  if (status === 403 && json === undefined) return "edgeBlocked";
  // RFC 6585 section 6: a captive portal, never the service.
  if (status === 511) return "networkSignIn";
  if (status >= 500) return "serviceFailed";
  if (status === 407) return "proxyFailed";
  return isError || (status >= 400 && json !== undefined) ? refused : "unreadableAnswer";
}

/** The refusals that mean the same whichever call they answer. */
function meaningOf(status: number, code: string | undefined): ProblemCode | undefined {
  if (code?.startsWith("unsupported_country")) return "regionBlocked";
  if (status === 429 || code === "rate_limit_exceeded") return "rateLimited";
  return isPassing(code) ? "serviceFailed" : undefined;
}

/** The request's id, which OpenAI's support asks for. It grants no access. */
function requestId({ headers }: HttpResponse): string | undefined {
  const id = headers["x-request-id"] ?? headers["cf-ray"];
  return id && /^[\w-]{1,64}$/.test(id) ? `request ${id}` : undefined;
}
