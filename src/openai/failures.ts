import { isPage, isPassing } from "../oauth/oauthError.ts";
import type { HttpResponse } from "../platform/httpClient.ts";
import { asNumber, asRecord, asString, asTime } from "../platform/untrusted.ts";
import { Problem, type ProblemCode } from "../shared/problem.ts";
import type { Backend } from "./backend.ts";
import { plausibleReset } from "./usage.ts";

/** An answer that refuses the credential, which may be old. It is a value, because the next step is another credential. */
export class Refusal {
  /** What the answer means where no other credential helps. */
  readonly problem: Problem;
  /** The answer is not in the service's own words: something in between may have written it. */
  readonly isDoubtful: boolean;

  constructor(problem: Problem, isDoubtful: boolean) {
    this.problem = problem;
    this.isDoubtful = isDoubtful;
  }
}

/** Returns a refusal. @throws any other failure */
export function refusalOrThrow(failure: Problem | Refusal): Refusal {
  if (failure instanceof Refusal) return failure;
  throw failure;
}

/** Codes by which the services refuse a credential, whatever else is in the answer. */
export const credentialRefusals: ReadonlySet<string> = new Set([
  "invalid_api_key",
  "token_expired",
  "token_invalidated",
  "token_revoked",
]);

/** What a failure is recognized from. */
interface Source {
  readonly error: ServiceError;
  readonly backend: Pick<Backend, "kind">;
  /** For the log: where the failure was found, and the service's code. */
  readonly detail: string;
  /** ms since 1970 */
  readonly now: number;
}

/** What an answer with a status outside 2xx means. */
export function failureOf(response: HttpResponse, backend: Pick<Backend, "kind">, now: number): Problem | Refusal {
  const { status } = response;
  const error = errorOf(response.json);
  const detail = `HTTP ${status}${shortCode(error)}`;
  // Never the service's own: a proxy that wants a password, and a network that wants a sign-in (RFC 6585).
  if (status === 407) return new Problem("proxyFailed", detail);
  if (status === 511) return new Problem("networkSignIn", detail);
  const page = isPage(response);
  if (status === 403 && page) return new Problem("edgeBlocked", detail);
  const source = { error, backend, detail, now };
  const known = failureByCode(source);
  if (known instanceof Problem) return known;
  // A page with 401 is a proxy's and says nothing of our credential; what a failing service says of it may be wrong.
  const isRefused = known ? status < 500 : status === 401 && !page;
  if (isRefused && !known && (isPassing(error.code) || isPassing(error.type)))
    return new Problem("serviceFailed", detail);
  if (isRefused) return refusal(source, !isInServicesWords(response, error));
  return new Problem(codeOfStatus(status, page), detail);
}

/** What a `response.failed` or `error` event in the stream means. */
export function failureOfEvent(value: unknown, backend: Pick<Backend, "kind">, now: number): Problem | Refusal {
  const error = errorOf(value);
  const detail = `event${shortCode(error)}`;
  const known = failureByCode({ error, backend, detail, now });
  return known ?? new Problem(isFinal(error) ? "badRequest" : "serviceFailed", detail);
}

/**
 * What JSON means that came with a status of success where something else was expected. An error is one whatever its
 * status; anything else was written by something in between.
 */
export function failureOfBody(json: unknown, backend: Pick<Backend, "kind">, now: number): Problem | Refusal {
  const body = asRecord(json);
  const error = errorOf(json);
  const detail = `HTTP 200 with JSON${shortCode(error)}`;
  const known = failureByCode({ error, backend, detail, now });
  if (known) return known;
  const isError = asRecord(body?.error) !== undefined || asString(body?.error) !== undefined;
  if (isError && !isFinal(error)) return new Problem("serviceFailed", detail);
  const isRefused = isError || body?.detail !== undefined;
  return new Problem(isRefused ? "badRequest" : "unreadableAnswer", detail);
}

interface ServiceError {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The services' codes for what has a problem without parameters; the first row that has the code or the type decides. */
const problemsByCode = [
  ["usageNotIncluded", ["usage_not_included"]],
  ["quotaExceeded", ["insufficient_quota"]],
  ["rateLimited", ["rate_limit_exceeded"]],
  ["overloaded", ["server_is_overloaded", "slow_down", "overloaded_error"]],
  ["contextLengthExceeded", ["context_length_exceeded", "string_above_max_length"]],
  ["regionBlocked", ["unsupported_country_region_territory"]],
  ["contentRefused", ["cyber_policy", "content_policy_violation", "invalid_prompt", "content_filter"]],
  ["modelNotSupported", ["model_not_found", "model_not_supported_with_chatgpt_account"]],
] as const satisfies readonly (readonly [ProblemCode, readonly string[]])[];

function failureByCode(source: Source): Problem | Refusal | undefined {
  const { code, type, message } = source.error;
  if (credentialRefusals.has(code) || credentialRefusals.has(type)) return refusal(source, false);
  if (code === "usage_limit_reached" || type === "usage_limit_reached") return usageLimit(source);
  const [known] = problemsByCode.find(([, names]) => names.some((name) => name === code || name === type)) ?? [];
  if (known) return new Problem(known, source.detail);
  if (/(?:^|_)(?:policy|moderation|safety)(?:_|$)/.test(code)) return new Problem("contentRefused", source.detail);
  if (/(?:^|_)(?:quota|billing|credits)(?:_|$)/.test(code)) return new Problem("quotaExceeded", source.detail);
  // Seen without a code: "The 'X' model is not supported when using Codex with a ChatGPT account", "Model not found X".
  const model = /\bmodel\b/i.exec(message);
  const isWithoutModel = model && /\bnot (?:supported when using|found)/i.test(message.slice(model.index));
  return isWithoutModel ? new Problem("modelNotSupported", source.detail) : undefined;
}

/**
 * Whether an error with a status of success, which says nothing, is one that the same request would get again. Types are
 * the API's; codes are those of its `ResponseError` (platform.openai.com/docs/api-reference/responses/object).
 */
function isFinal({ code, type }: ServiceError): boolean {
  return (
    /^(?:invalid_request|permission|authentication|not_found|billing)_error$/.test(type) ||
    /^(?:invalid|unsupported|unknown|missing|empty|failed_to_download)_/.test(code) ||
    /_(?:not_found|not_supported|not_allowed|not_permitted|too_(?:large|long|small|many)|parse_error|mismatch)$/.test(
      code,
    )
  );
}

function refusal({ backend, detail }: Source, isDoubtful: boolean): Refusal {
  const code = backend.kind === "chatgpt" ? "needsSignIn" : "keyRejected";
  return new Refusal(new Problem(isDoubtful ? "unreadableAnswer" : code, detail), isDoubtful);
}

function usageLimit({ error: { fields }, detail, now }: Source): Problem {
  const within = asNumber(fields.resets_in_seconds);
  const resetsAt = asTime(fields.resets_at) ?? (within === undefined ? undefined : asTime(now / 1000 + within));
  // Nobody is to wait for a time that is over: the computer's clock may be ahead.
  const isAhead = resetsAt !== undefined && resetsAt > now;
  return new Problem("usageLimitReached", detail, { resetsAt: isAhead ? plausibleReset(resetsAt, now) : undefined });
}

function codeOfStatus(status: number, page: boolean) {
  if (status === 403) return "forbidden";
  if (status === 429) return "rateLimited";
  // What the service, or a proxy before it, gave up waiting for (RFC 9110 section 15.5.9); early data (RFC 8470).
  if (status === 408 || status === 425) return "serviceFailed";
  if (status === 413) return "contextLengthExceeded";
  if (status === 503) return "overloaded";
  if (status >= 500) return "serviceFailed";
  // Redirects are not followed; a network's portal sends them.
  return page || status < 400 ? "unreadableAnswer" : "badRequest";
}

/** Whether a credential is refused as OpenAI's services do it: by an error's object, a detail, or a header. */
function isInServicesWords({ headers, json }: HttpResponse, error: ServiceError): boolean {
  const body = asRecord(json);
  return (
    headers["x-openai-authorization-error"] !== undefined ||
    headers["x-error-json"] !== undefined ||
    asRecord(body?.error) !== undefined ||
    (body?.detail ?? undefined) !== undefined ||
    credentialRefusals.has(error.code)
  );
}

/** The bodies seen: `{error: {…}}`, `{error: "code"}`, `{detail: "text"}`, `{detail: {code, message}}`, `{code, message}`. */
function errorOf(json: unknown): ServiceError {
  const body = asRecord(json) ?? {};
  const fields = asRecord(body.error) ?? asRecord(body.detail) ?? body;
  return {
    code: asString(fields.code) ?? asString(body.error) ?? "",
    type: asString(fields.type) ?? "",
    // Enough to recognise it; a regular expression must not run over a message as long as an answer can be.
    message: (asString(fields.message) ?? asString(body.detail) ?? "").slice(0, 1000),
    fields,
  };
}

/** Only what looks like a code of the protocol gets into the log, never a message: messages can quote the person's text. */
function shortCode(error: ServiceError): string {
  const code = error.code || error.type;
  return /^[a-z][\w.]{0,63}$/.test(code) ? ` ${code}` : "";
}
