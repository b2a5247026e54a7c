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
  // name=value in a query or form
  [new RegExp(`\\b(${names})=[^\\s&"'<>]+`, "gi"), "$1=<secret>"],
];

/** `name: ` in JSON or a header, and the quote before its value. */
const quotedName = new RegExp(`(["']?)\\b(?:${names})\\b\\1\\s*[:=]\\s*(["'])`, "gi");

/**
 * Replaces everything in `text` that looks like a secret, and control characters. Takes time in proportion to the text,
 * whatever is in it.
 */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return (
    withoutQuotedValues(result)
      // Anything else that is long and random enough to be a secret.
      .replace(/[\w-]{40,}/g, (run) => (isRandom(run) ? "<opaque>" : run))
      // A log line stays one line, and reads in the order in which it was written.
      .replace(/[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu, (character) => (/[\t\n]/.test(character) ? character : " "))
  );
}

/** Without regular expressions inside of values: they need a stack as large as the value. */
function withoutQuotedValues(text: string): string {
  let result = "";
  let done = 0;
  for (let name = nextName(text, 0); name; name = nextName(text, done)) {
    const start = name.index + name[0].length;
    result += `${text.slice(done, start)}<secret>`;
    done = endOfValue(text, start, name[2] ?? '"');
  }
  return result + text.slice(done);
}

function nextName(text: string, from: number): RegExpExecArray | null {
  quotedName.lastIndex = from;
  return quotedName.exec(text);
}

/** Where a quoted value ends: at its quote, or else with the line. */
function endOfValue(text: string, start: number, quote: string): number {
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === quote || character === "\n") return index;
    if (character === "\\" && text[index + 1] !== "\n") index += 1;
  }
  return text.length;
}

function isRandom(run: string): boolean {
  return /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);
}
