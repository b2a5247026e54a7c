import type { BearerCredential } from "../account/credentialSource.ts";
import { isPassing } from "../oauth/oauthError.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { Backend, Credentials } from "./backend.ts";
import { errorBodyLimit, readJsonText } from "./bodyForm.ts";
import { isUnauthorized, RequestError, type RequestFailure, withoutDoubt } from "./requestError.ts";
import { asNumber, asRecord, asString, asTime } from "./untrusted.ts";

/**
 * What a status outside 2xx means (protocol.md, section 10, "Retries and errors"). 401 is told as expired here; the
 * sender renews and replays before it believes so.
 */
export async function failureOfResponse(response: Response, backend: Backend, now: number): Promise<RequestError> {
  const text = await limitedText(response);
  const error = errorOf(text);
  const failure = classify(response, text, error, backend, now);
  const isDoubtful = isUnauthorized(failure) && !isServiceRefusal(response, text, error);
  return new RequestError(failure, `HTTP ${response.status}${shortCode(error)}`, isDoubtful);
}

/**
 * What to try after a refused credential.
 * @throws Problem, or RequestError when there is nothing else and it is doubtful that the service refused it
 */
export async function refreshedCredential(
  credentials: Credentials,
  refused: BearerCredential,
  refusal: RequestError,
): Promise<BearerCredential> {
  try {
    return await credentials.rejected(refused);
  } catch (error) {
    throw refusal.isDoubtful && isProblem(error, "keyRejected", "notYetAccepted") ? withoutDoubt(refusal) : error;
  }
}

/** What a `response.failed` or `error` event in the stream means. */
export function failureOfEvent(value: unknown, backend: Pick<Backend, "kind">, now: number): RequestError {
  const error = fieldsOf(asRecord(value) ?? {});
  return new RequestError(byCode(error, backend, now) ?? { kind: "serverError" }, `event${shortCode(error)}`);
}

/**
 * What JSON means that came with a status of success where something else was expected. An error is one whatever its
 * status; anything else was written by somebody in between.
 */
export function failureOfBody(text: string, backend: Pick<Backend, "kind">, now: number): RequestError {
  const body = asRecord(parsed(text));
  const error = fieldsOf(body ?? {});
  const detail = `HTTP 200 with JSON${shortCode(error)}`;
  const known = byCode(error, backend, now);
  if (known) return new RequestError(known, detail);
  const isError = asRecord(body?.error) !== undefined || asString(body?.error) !== undefined;
  if (isError && error.type !== "invalid_request_error") return new RequestError({ kind: "serverError" }, detail);
  const isRefusal = isError || body?.detail !== undefined;
  return new RequestError({ kind: isRefusal ? "badRequest" : "unreadableAnswer" }, detail);
}

/**
 * The JSON of an answer with a status of success.
 * @throws RequestError when it is none, or an error
 */
export async function jsonOf(response: Response, backend: Backend, now: number): Promise<unknown> {
  const text = await response.text().catch(() => "");
  const json = parsed(text);
  const record = asRecord(json);
  if (record && (record.error === undefined || record.error === null)) return json;
  throw failureOfBody(text, backend, now);
}

/** Codes by which a credential is refused. */
const refusals: ReadonlySet<string> = new Set([
  "token_expired",
  "token_invalidated",
  "token_revoked",
  "invalid_api_key",
]);

interface ServiceError {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function classify(
  response: Response,
  text: string,
  error: ServiceError,
  backend: Backend,
  now: number,
): RequestFailure {
  const { status } = response;
  // Never the service's own: a proxy that wants a password, and a network that wants a sign-in (RFC 6585).
  if (status === 407) return { kind: "problem", problem: new Problem("proxyFailed", "407") };
  if (status === 511) return { kind: "problem", problem: new Problem("networkSignIn", "511") };
  const isPage = /^\s*</.test(text) || /html/i.test(response.headers.get("content-type") ?? "");
  if (status === 403 && isPage) return { kind: "edgeBlocked" };
  const known = byCode(error, backend, now);
  // A page with this status is a proxy's, and a code may say that it is something else: neither tells of our credential.
  if (status === 401 && !isPage) {
    return known ?? (isPassing(error.code) || isPassing(error.type) ? { kind: "serverError" } : unauthorized(backend));
  }
  // What a failing service says of our credential may be wrong.
  if (known && !(status >= 500 && isUnauthorized(known))) return known;
  if (status === 403) return { kind: "forbidden" };
  if (status === 429) return { kind: "rateLimited" };
  if (status === 413) return { kind: "contextLengthExceeded" };
  if (status === 503) return { kind: "overloaded" };
  if (status >= 500) return { kind: "serverError" };
  return { kind: isPage ? "unreadableAnswer" : "badRequest" };
}

/** Whether a refused credential is told as OpenAI's services tell it: by an error's object, a detail, or a header. */
function isServiceRefusal({ headers }: Response, text: string, error: ServiceError): boolean {
  const body = asRecord(parsed(text));
  return (
    headers.has("x-openai-authorization-error") ||
    headers.has("x-error-json") ||
    asRecord(body?.error) !== undefined ||
    (body?.detail ?? undefined) !== undefined ||
    refusals.has(error.code)
  );
}

function byCode(
  { code, type, message, fields }: ServiceError,
  backend: Pick<Backend, "kind">,
  now: number,
): RequestFailure | undefined {
  const is = (...names: string[]) => names.includes(code) || names.includes(type);
  if (is(...refusals)) return unauthorized(backend);
  if (is("usage_limit_reached")) return usageLimit(fields, now);
  if (is("usage_not_included")) return { kind: "usageNotIncluded" };
  if (is("insufficient_quota")) return { kind: "quotaExceeded" };
  if (is("rate_limit_exceeded")) return { kind: "rateLimited" };
  if (is("server_is_overloaded", "slow_down", "overloaded_error")) return { kind: "overloaded" };
  if (is("context_length_exceeded", "string_above_max_length")) return { kind: "contextLengthExceeded" };
  if (is("unsupported_country_region_territory")) return { kind: "regionBlocked" };
  if (is("cyber_policy", "content_policy_violation", "invalid_prompt", "content_filter"))
    return { kind: "contentRefused" };
  if (is("model_not_found", "model_not_supported_with_chatgpt_account")) return { kind: "modelNotSupported" };
  // Seen without a code: "The 'X' model is not supported when using Codex with a ChatGPT account", "Model not found X".
  if (/\bmodel\b.*\bnot (?:supported when using|found)/i.test(message)) return { kind: "modelNotSupported" };
  return undefined;
}

function unauthorized({ kind }: Pick<Backend, "kind">): RequestFailure {
  return { kind: kind === "chatgpt" ? "signInExpired" : "apiKeyRejected" };
}

function usageLimit(fields: Readonly<Record<string, unknown>>, now: number): RequestFailure {
  const within = asNumber(fields.resets_in_seconds);
  const resetsAt = asTime(fields.resets_at) ?? (within === undefined ? undefined : asTime(now / 1000 + within));
  const plan = asString(fields.plan_type);
  return {
    kind: "usageLimitReached",
    ...(resetsAt === undefined ? {} : { resetsAt }),
    ...(plan === undefined ? {} : { plan }),
  };
}

/** The bodies seen: `{error: {…}}`, `{error: "code"}`, `{detail: "text"}`, `{detail: {code, message}}`, `{code, message}`. */
function errorOf(text: string): ServiceError {
  return fieldsOf(asRecord(parsed(text)) ?? {});
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(body: Readonly<Record<string, unknown>>): ServiceError {
  const fields = asRecord(body.error) ?? asRecord(body.detail) ?? body;
  return {
    code: asString(fields.code) ?? asString(body.error) ?? "",
    type: asString(fields.type) ?? "",
    // Enough to know it by; what is matched must not be as long as an answer can be.
    message: (asString(fields.message) ?? asString(body.detail) ?? "").slice(0, 1000),
    fields,
  };
}

/** Only what looks like a code of the protocol gets into the log, never a message: messages can quote the person's text. */
function shortCode(error: ServiceError): string {
  const code = error.code || error.type;
  return /^[a-z][\w.]{0,63}$/.test(code) ? ` ${code}` : "";
}

/** The body, as far as it can be an error of the service. */
async function limitedText(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  try {
    // Of a page, its beginning says enough.
    return await readJsonText(reader, new TextDecoder(), "", undefined, errorBodyLimit);
  } catch {
    // The status alone says enough.
    return "";
  } finally {
    reader.cancel().catch(() => {});
  }
}
