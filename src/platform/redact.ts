/** Names of values that must not be in a log line. Secrets are not logged in the first place; this is the safety net. */
const secretNames =
  "(?:access|refresh|id|subject|session|auth)[_-]?token|api[_-]?key|client[_-]?secret|code[_-]?verifier|auth(?:orization)?[_-]?code|user[_-]?code|device[_-]?auth[_-]?id|password|passwd|authorization|(?:set-)?cookie";
/** Names that sentences have, too. */
const usualNames = "code|state|key|token|secret";

const rules: readonly (readonly [RegExp, string])[] = [
  // JSON Web Tokens, also truncated ones
  [/\beyJ[\w-]{6,}(?:\.[\w-]*){0,4}/g, "<jwt>"],
  // OpenAI API keys, session keys, refresh tokens, personal access tokens
  [/\b(?:sk|sess)-[\w-]{6,}/g, "<key>"],
  [/\b(?:rt|ac)[._][\w.~+/-]{8,}/g, "<token>"],
  [/\bat-[\w-]{8,}/g, "<token>"],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, "$1 <token>"],
];

/** A character in a URL, encoded several times over. */
const encoded = (digits: string) => `%(?:25){0,3}(?:${digits})`;
/** A quote in JSON within JSON, however deep, in HTML, or in a URL. */
const quote = `(?:(?:\\\\|${encoded("5C")})*(?:["'\`]|${encoded("22|27")}|&quot;|&#3[49];))`;
/** `[]` or `[name]` after a name. */
const index = `(?:(?:\\[|${encoded("5B")})\\w{0,40}(?:\\]|${encoded("5D")})){0,3}`;
/** What an encoded character, or `\n` in JSON, ends with are letters and digits that do not belong to a name. */
const after = `(?<=${encoded("[\\da-f]{2}")}|\\\\[nrtbf]|\\\\u00[\\da-f]{2})`;
/** A name, and what is between it and its value: in a query, a form, JSON, YAML, XML, or a header. */
const named = new RegExp(
  `(?:(?:${after}|(?<![a-z\\d]))(?<secret>${secretNames})|(?:${after}|\\b)(?:${usualNames}))${index}` +
    `(?<name>${quote}?)\\s*(?<sign>[:=]{1,3}>?|>|,|${encoded("3A|3D")})(?:\\s|${encoded("20")}|\\+)*(?<value>${quote}?)`,
  "gi",
);

/**
 * Replaces everything in `text` that looks like a secret, and control characters. Takes time in proportion to the text,
 * whatever is in it.
 */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return (
    withoutNamedValues(result)
      // Anything else that is long and random enough to be a secret.
      .replace(/[\w+-]{40,}/g, (run) => (isRandom(run) ? "<opaque>" : run))
      // A log line stays one line, and reads in the order in which it was written.
      .replace(/[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu, (character) => (/[\t\n]/.test(character) ? character : " "))
  );
}

/** Without regular expressions inside of quoted values: they need a stack as large as the value. */
function withoutNamedValues(text: string): string {
  let result = "";
  let done = 0;
  for (let found = nextName(text, 0); found; found = nextName(text, named.lastIndex)) {
    const start = found.index + found[0].length;
    const end = endOfNamed(text, start, found.groups ?? {});
    if (end === start) continue;
    result += `${text.slice(done, start)}<secret>`;
    done = end;
    named.lastIndex = end;
  }
  return result + text.slice(done);
}

function nextName(text: string, from: number): RegExpExecArray | null {
  named.lastIndex = from;
  return named.exec(text);
}

type Groups = NonNullable<RegExpExecArray["groups"]>;

/** Where the secret ends that begins at `start`; there, if there is none. */
function endOfNamed(text: string, start: number, groups: Groups): number {
  const { name, sign, value = "" } = groups;
  // A list of a header's name and value, as Node has it, or of words.
  if (sign === "," && !(name && value)) return start;
  if (/^["'`]$/.test(value)) return endOfValue(text, start, value);
  if (/^\\+["'`]$/.test(value)) return endOfNested(text, start, value);
  if (text[start] === "[") return endOfRun(text, start, /[^\]\n]*/y);
  if (value === "" && sign?.startsWith(":")) return endOfBare(text, start, groups);
  return endOfRun(text, start, /[^\s&"'<>]*/y);
}

/** The same without quotes after a colon: in a header, in YAML, in a sentence, or a number in JSON. */
function endOfBare(text: string, start: number, { secret, name }: Groups): number {
  if (secret && !name) return endOfRun(text, start, /[^\n]*/y);
  const end = endOfRun(text, start, /[^\s,;}\]&"'<>]*/y);
  const run = text.slice(start, end);
  const isKept = secret ? /^(?:null|true|false)$/.test(run) : run.length < 20 && !isRandom(run);
  return isKept ? start : end;
}

function endOfRun(text: string, start: number, run: RegExp): number {
  run.lastIndex = start;
  run.test(text);
  return run.lastIndex;
}

/** Where a quoted value ends: at its quote, or else with the line. */
function endOfValue(text: string, start: number, end: string): number {
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === end || character === "\n") return index;
    if (character === "\\" && text[index + 1] !== "\n") index += 1;
  }
  return text.length;
}

/** The same in JSON within JSON: quotes that belong to the value have more backslashes than those around it. */
function endOfNested(text: string, start: number, around: string): number {
  let backslashes = 0;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\n") return index;
    if (character === around.at(-1) && backslashes < around.length) return index - backslashes;
    backslashes = character === "\\" ? backslashes + 1 : 0;
  }
  return text.length;
}

/** Whether a text is base64url or hexadecimal, and no name of words and numbers. */
function isRandom(run: string): boolean {
  if (!/\d/.test(run)) return false;
  return (/[a-z]/.test(run) && /[A-Z]/.test(run)) || /[a-z\d]{32,}/i.test(run);
}
