/** Names of values that must not be in a log line. Secrets are not logged in the first place; this is the safety net. */
const names =
  "access_token|refresh_token|id_token|api_key|apikey|client_secret|code_verifier|code|state|key|token|subject_token|user_code|device_auth_id|password|authorization|cookie|set-cookie";

const rules: readonly (readonly [RegExp, string])[] = [
  // JSON Web Tokens, also truncated ones
  [/\beyJ[\w-]{6,}(?:\.[\w-]*){0,4}/g, "<jwt>"],
  // OpenAI API keys, session keys, refresh tokens, personal access tokens
  [/\b(?:sk|sess)-[\w-]{6,}/g, "<key>"],
  [/\b(?:rt|ac)[._][\w.~+/-]{8,}/g, "<token>"],
  [/\bat-[\w-]{8,}/g, "<token>"],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, "$1 <token>"],
  // name=value in a query or form, name: value in JSON or a header
  [new RegExp(`\\b(${names})=[^\\s&"'<>]+`, "gi"), "$1=<secret>"],
  [new RegExp(`(["']?)\\b(${names})\\b\\1(\\s*[:=]\\s*)(["'])(?:\\\\.|(?!\\4).)*\\4?`, "gi"), "$1$2$1$3$4<secret>$4"],
  // Anything else that is long and random enough to be a secret
  [/\b(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{40,}/g, "<opaque>"],
];

/** Replaces everything in `text` that looks like a secret, and control characters. */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a log line stays one line
  return result.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, " ");
}
