import { parseJson } from "../platform/json.ts";

/** What an answer's body is: a stream of events, JSON, or a page (HTML, XML). */
export type BodyForm = "events" | "json" | "page";

/**
 * What the Content-Type says a body is, where it can be trusted: the ChatGPT service sends events without one, and
 * gateways send them as plain text or bytes. So only a page and JSON count.
 * @returns undefined when only the body itself can tell
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
 * Tells a body's form by its first significant character. Blank lines, comments (`: keep-alive`) and a byte order mark
 * may come before it. An event begins with a field's name, which is a word.
 */
export class FormDetector {
  /** Undefined until enough was seen. */
  form: BodyForm | undefined;
  #inComment = false;

  /** Takes the next piece of the body. @returns how many of its characters come before the significant one */
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

/** Longest error body that is read, in characters: a service may quote the request before it names its code. */
export const errorBodyLimit = 1024 * 1024;
/** The same where no error was expected; a service's own errors are a few hundred bytes, a proxy's JSON can be anything. */
const strayBodyLimit = 64 * 1024;

/**
 * Reads JSON that came where something else was expected, up to a limit. Stops as soon as the JSON is complete, or is
 * neither an object nor a list nor a text: the connection may stay open after it.
 * @param text what has been read of it already
 * @throws when the connection breaks
 */
export async function readJsonText(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  decoder: InstanceType<typeof TextDecoder>,
  text: string,
  onBytes: () => void = () => {},
  limit = strayBodyLimit,
): Promise<string> {
  let read = text.trimStart();
  while (read.length < limit && /^(?:$|[{["])/.test(read) && !isCompleteJson(read)) {
    const { done, value } = await reader.read();
    if (done) break;
    onBytes();
    read = (read + decoder.decode(value, { stream: true })).trimStart();
  }
  return read;
}

function isCompleteJson(text: string): boolean {
  return /[\]}"]\s*$/.test(text.slice(-64)) && parseJson(text) !== undefined;
}
