/** Of letters, whether small or capital. */
const anyCase = (pattern: string) => pattern.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

/** Names of values that must not be in a log line. Secrets are not logged in the first place; this is the safety net. */
const secretNames = anyCase(
  "(?:access|refresh|id|subject|session|auth|bearer)[_-]?token|(?:api|private|secret|access|openai)[_-]?key|client[_-]?secret|code[_-]?verifier|auth(?:orization)?[_-]?code|user[_-]?code|device[_-]?auth[_-]?id|password|passwd|passphrase|authorization|(?:set-)?cookie",
);
/** Names that sentences have, too. */
const usualNames = anyCase("code|state|key|token|secret");

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
/** What stands before a quote in JSON within JSON, however deep. */
const backslash = `(?:\\\\|${encoded("5[Cc]")})`;
/** A quote in JSON, in HTML, or in a URL. */
const quote = `(?:${backslash}*(?:["'\`]|${encoded("22|27")}|&(?:${anyCase("quot|apos|#3[49]|#x2[27]")});)|${backslash}+u002[27])`;
/** `[]` or `[name]` after a name. */
const index = `(?:(?:\\[|${encoded("5[Bb]")})\\w{0,40}(?:\\]|${encoded("5[Dd]")})){0,3}`;
/** What an encoded character, or `\n` in JSON, ends with are letters and digits that do not belong to a name. */
const after = `(?<=${encoded("[\\dA-Fa-f]{2}")}|\\\\[nrtbf]|\\\\u00[\\dA-Fa-f]{2})`;
/** Where a name begins, also one in camel case. */
const wordStart = "(?:(?<![A-Za-z\\d])|(?<=[a-z\\d])(?=[A-Z]))";
const anyName = `(?:(?:${after}|${wordStart})(?<secret>${secretNames})|(?:${after}|\\b)(?:${usualNames}))`;
/** A name, and what is between it and its value: in a query, a form, JSON, YAML, or a header. */
const named = new RegExp(
  `${anyName}${index}(?<name>${quote}?)\\s*(?<sign>[:=]{1,3}>?|,|${encoded("3[AaDd]")}|${backslash}+u003[AaDd])` +
    `(?:\\s|${encoded("20")}|\\+)*(?<value>${quote}?)`,
  "g",
);

const tag = (name: string) => `(?<begin><(?<tag>[\\w:.-]{0,40}?${name})(?:\\s[^<>]{0,200})?>)`;
/** An element of XML, and one that is cut off. Only a usual name in full: our own `<token>` is no element. */
const elements: readonly RegExp[] = [
  new RegExp(`${tag(anyName)}[^<]+(?=</\\k<tag>)`, "g"),
  new RegExp(`${tag(`${wordStart}(?:${secretNames})`)}\\s*[^\\s&"'<>]+`, "g"),
];

/**
 * Replaces everything in `text` that looks like a secret, and control characters. Takes time in proportion to the text,
 * whatever is in it.
 */
export function redact(text: string): string {
  let result = text;
  for (const element of elements) result = result.replace(element, "$<begin><secret>");
  result = withoutNamedValues(result);
  // After what has a name: the words that take a secret's place here are names, too.
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return (
    result
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
  if (/[;\\]/.test(value)) return endOfEscaped(text, start, value);
  if (value === "" && sign?.startsWith(":")) return endOfBare(text, start, groups);
  return Math.max(endOfGroup(text, start), endOfRun(text, start, /(?:(?:Bearer|Basic)\s+)?[^\s&"'<>]*/iy));
}

/** The same without quotes after a colon: in a header, in YAML, in a sentence, or a number in JSON. */
function endOfBare(text: string, start: number, { secret, name }: Groups): number {
  if (/[|>][-+\d]{0,2}[ \t]*\n/y.test(text.slice(start, start + 20))) return endOfBlock(text, start);
  const group = endOfGroup(text, start);
  if (secret && !name) return endOfRun(text, group, /[^\n]*/y);
  if (group > start) return group;
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

/** Where a list or an object ends that begins at `start`: a list with its last value, or with the line. */
function endOfGroup(text: string, start: number): number {
  if (text[start] === "[") return endOfRun(text, start, /[^\]\n]*/y);
  if (text[start] !== "{") return start;
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    if (text[index] === "{") depth += 1;
    if (text[index] === "}") depth -= 1;
    if (depth === 0) return index + 1;
  }
  return text.length;
}

/** Where a text of several lines ends, in YAML: with the last that is indented. */
function endOfBlock(text: string, start: number): number {
  let end = endOfRun(text, start, /[^\n]*/y);
  for (let next = end; ; end = next) {
    next = endOfRun(text, end, /\n[ \t]+[^\n]*/y);
    if (next <= end) return end;
  }
}

/** Where a value in quotes such as `&quot;` or `\u0022` ends: at the same, or else with the line. */
function endOfEscaped(text: string, start: number, quote: string): number {
  const line = text.slice(start, endOfRun(text, start, /[^\n]*/y));
  let end = line.indexOf(quote);
  while (end > 0 && line[end - 1] === "\\") end = line.indexOf(quote, end + 1);
  return start + (end < 0 ? line.length : end);
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
