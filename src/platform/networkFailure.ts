import { Problem, type ProblemCode } from "../shared/problem.ts";

/** By Node's or axios' code: a map, because the code is text of others. */
const codes: ReadonlyMap<string, ProblemCode> = new Map([
  ["ENOTFOUND", "dnsFailed"],
  ["EAI_AGAIN", "dnsFailed"],
  ["ETIMEDOUT", "answerLost"],
  ["ECONNABORTED", "answerLost"],
  // The connection was there and broke: the service may have acted on the request.
  ["ECONNRESET", "answerLost"],
  ["EPIPE", "answerLost"],
  // axios' own: too much content, or something that is not HTTP
  ["ERR_BAD_RESPONSE", "unreadableAnswer"],
]);

/**
 * What kept a request from being answered, told from Node's error code. A request that certainly never reached the
 * service is told apart from one whose answer was lost (`answerLost`): the latter must not be blindly repeated.
 */
export function networkFailure(error: unknown): Problem {
  const code = codeOf(error);
  if (code.startsWith("HPE_")) return new Problem("unreadableAnswer", code);
  // Redirects are not followed; a network's portal sends them.
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

/** Fetch has no code for it: Node's says so in the cause. */
function isRedirect(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (/\bredirect\b/i.test(at.message)) return true;
  return false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

function isTls(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/.test(
    code,
  );
}
