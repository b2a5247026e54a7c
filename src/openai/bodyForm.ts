import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";

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
/** Longest space before either, in characters. */
const blankLimit = 1024 * 1024;

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** The next piece of a body. @throws Problem `streamLost` when the connection breaks */
export async function readPiece(reader: BodyReader): Promise<Awaited<ReturnType<BodyReader["read"]>>> {
  try {
    return await reader.read();
  } catch (error) {
    throw isProblem(error) ? error : new Problem("streamLost", describeError(error));
  }
}

/**
 * Reads JSON that came where something else was expected, up to a limit. Stops as soon as the JSON is complete, or is
 * neither an object nor a list nor a text: the connection may stay open after it.
 * @param text what has been read of it already
 * @throws Problem `streamLost` when the connection breaks
 */
export async function readJsonText(
  reader: BodyReader,
  decoder: InstanceType<typeof TextDecoder>,
  text: string,
  onBytes: () => void = () => {},
  limit = strayBodyLimit,
): Promise<string> {
  const end = new JsonEnd();
  const pieces: string[] = [];
  let leftLength = limit;
  let leftBlank = blankLimit;
  const take = (piece: string) => {
    const rest = end.isBegun ? piece : piece.trimStart();
    leftBlank -= piece.length - rest.length;
    leftLength -= rest.length;
    pieces.push(rest);
    end.look(rest);
  };
  take(text);
  while (leftLength > 0 && leftBlank > 0 && end.isAhead) {
    const { done, value } = await readPiece(reader);
    if (done) break;
    onBytes();
    take(decoder.decode(value, { stream: true }));
  }
  return pieces.join("");
}

/** Finds the end of a JSON object, list or text piece by piece, looking at each character once. */
class JsonEnd {
  /** False when the end has come, or what came is something else. */
  isAhead = true;
  isBegun = false;
  #depth = 0;
  #inText = false;
  #isEscaped = false;

  look(text: string): void {
    this.isBegun ||= text !== "";
    for (let at = 0; this.isAhead && at < text.length; at += 1) {
      if (this.#inText) this.#lookInText(text.charAt(at));
      else this.#lookOutside(text.charAt(at));
    }
  }

  #lookInText(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === "\\") this.#isEscaped = true;
    else if (character === '"') {
      this.#inText = false;
      this.isAhead = this.#depth > 0;
    }
  }

  #lookOutside(character: string): void {
    if (character === '"') this.#inText = true;
    else if (character === "{" || character === "[") this.#depth += 1;
    else if (character === "}" || character === "]") {
      this.#depth -= 1;
      this.isAhead = this.#depth > 0;
    } else if (this.#depth === 0) this.isAhead = /\s/.test(character);
  }
}
