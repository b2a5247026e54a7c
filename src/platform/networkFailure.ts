import { Problem, type ProblemCode } from "../shared/problem.ts";

/** By the code of Node or axios. A map, because every object has keys such as `constructor`. */
const codes: ReadonlyMap<string, ProblemCode> = new Map([
  ["ENOTFOUND", "dnsFailed"],
  ["EAI_AGAIN", "dnsFailed"],
  ["ETIMEDOUT", "answerLost"],
  ["ECONNABORTED", "answerLost"],
  // The connection broke while it was in use.
  ["ECONNRESET", "answerLost"],
  ["EPIPE", "answerLost"],
  // axios: too much content, or something that is not HTTP
  ["ERR_BAD_RESPONSE", "unreadableAnswer"],
]);

/**
 * Why a request was not answered, by Node's error code. After `answerLost` the service may have acted on the request, so
 * it must not simply be sent again. `dnsFailed`, `tlsFailed`, `proxyFailed` and `unreachable` mean that the request never
 * reached the service.
 */
export function networkFailure(error: unknown): Problem {
  const code = codeOf(error);
  if (isGarbled(code)) return new Problem("unreadableAnswer", code);
  // Redirects are not followed; captive portals send them.
  if (isRedirect(error)) return new Problem("unreadableAnswer", "redirect");
  if (/\babort/.test(messageOf(error))) return new Problem("answerLost", "cut off");
  if (isTls(code)) return new Problem("tlsFailed", code);
  if (/proxy|tunnel/i.test(messageOf(error))) return new Problem("proxyFailed", code);
  return new Problem(codes.get(code) ?? "unreachable", code);
}

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    // axios gives Node's code, or its own ERR_NETWORK with Node's error as the cause.
    if ("code" in at && typeof at.code === "string" && at.code !== "ERR_NETWORK") return at.code;
  }
  return "unknown";
}

/** fetch has no code for a redirect; Node mentions it in the message of the cause. */
function isRedirect(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (/\bredirect\b/i.test(at.message)) return true;
  return false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

/** What came is not HTTP, or is not compressed as it says (zlib, Brotli, Zstandard). */
function isGarbled(code: string): boolean {
  return /^(HPE_|Z_|ERR__|ZSTD_)/.test(code);
}

function isTls(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/.test(
    code,
  );
}
