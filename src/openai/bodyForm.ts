/** What an answer's body is: a stream of events, JSON, or a page (HTML, XML). */
export type BodyForm = "events" | "json" | "page";

/**
 * What the Content-Type says a body is, as far as that can be believed: the ChatGPT service sends events without one,
 * and gateways send them as plain text or bytes. So only a page and JSON are taken at their word, and undefined means
 * that the body itself must tell.
 */
export function declaredForm(headers: Headers): BodyForm | undefined {
  // Headers that came twice are joined with commas.
  const types = (headers.get("content-type") ?? "").toLowerCase().split(",");
  const names = types.map((type) => type.split(";")[0]?.trim() ?? "");
  if (names.includes("text/event-stream")) return undefined;
  if (names.some((name) => /^(?:text\/html|application\/xhtml\+xml)$/.test(name))) return "page";
  return names.some((name) => /^(?:application|text)\/(?:[\w.-]+\+)?json$/.test(name)) ? "json" : undefined;
}

/**
 * Tells a body's form by its first character that means something: blank lines and comments (`: keep-alive`) may stand
 * before any of them, a byte order mark too. An event begins with a field's name, which is a word.
 */
export class FormDetector {
  /** Undefined until enough was seen. */
  form: BodyForm | undefined;
  #inComment = false;

  /** Takes the next piece of the body. @returns how much of it stands before that character */
  look(text: string): number {
    for (let at = 0; at < text.length; at += 1) {
      const character = text.charAt(at);
      if (this.#inComment) this.#inComment = character !== "\n" && character !== "\r";
      else if (character === ":") this.#inComment = true;
      else if (!/\s/.test(character)) {
        this.form = character === "<" ? "page" : /[{["\d-]/.test(character) ? "json" : "events";
        return at;
      }
    }
    return text.length;
  }
}

/** Longest error body that is read: a service may quote the request in it, and its code can stand behind that. */
export const errorBodyLimit = 1024 * 1024;
/** The same where no error was to be expected; a service's own are a few hundred bytes, a proxy's JSON can be anything. */
const strayBodyLimit = 64 * 1024;

/**
 * Reads JSON that came where something else was expected: to its end, to the limit, or until it is whole or turns out to
 * be no object, list or text, for the connection may stay open behind it. Rejects when the connection breaks.
 * @param text what was read of it already
 */
export async function readJsonText(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  decoder: InstanceType<typeof TextDecoder>,
  text: string,
  onBytes: () => void = () => {},
  limit = strayBodyLimit,
): Promise<string> {
  let whole = text.trimStart();
  while (whole.length < limit && /^(?:$|[{["])/.test(whole) && !isWholeJson(whole)) {
    const { done, value } = await reader.read();
    if (done) break;
    onBytes();
    whole = (whole + decoder.decode(value, { stream: true })).trimStart();
  }
  return whole;
}

function isWholeJson(text: string): boolean {
  if (!/[\]}"]\s*$/.test(text.slice(-64))) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
