/** Which of the two services a request is for. */
export type Surface = "chatgpt" | "platform";

/**
 * How an answer's events are put on the wire. The usual way has every liberty that the event stream format and the
 * services take: what the official client reads, ours must read.
 */
export interface Manners {
  /** The Content-Type of a stream. The ChatGPT service is reported to send none. */
  readonly contentType: string | undefined;
  /** Comments as keep-alive, unknown fields and events, either line end, no space after a colon, no event name, `[DONE]`. */
  readonly isPlain: boolean;
  /** The sizes in bytes of the pieces that are written, over and over: characters and line ends are cut in two. */
  readonly pieces: readonly number[];
}

export const impolite: Manners = { contentType: undefined, isPlain: false, pieces: [1, 2, 3, 5, 4093] };

/** For a test that looks at something else. */
export const polite: Manners = { contentType: "text/event-stream; charset=utf-8", isPlain: true, pieces: [16_384] };

/** Writes the events of one answer in one of the ways. */
export class Wire {
  readonly #manners: Manners;
  readonly #surface: Surface;
  #count = 0;
  #piece = 0;

  constructor(manners: Manners, surface: Surface) {
    this.#manners = manners;
    this.#surface = surface;
  }

  /** @param events each `event: …\ndata: …\n\n`, one after another */
  events(events: string): string {
    if (this.#manners.isPlain) return events;
    return events
      .split("\n\n")
      .filter((event) => event !== "")
      .map((event) => this.#disguise(event))
      .join("");
  }

  /** What may come after the last event. */
  end(): string {
    return this.#manners.isPlain ? "" : ": bye\r\n\r\ndata: [DONE]\n\n";
  }

  /** The bytes in the pieces in which they are written. */
  *cut(text: string): Generator<Buffer> {
    const bytes = Buffer.from(text);
    const { pieces } = this.#manners;
    for (let at = 0; at < bytes.length; ) {
      const size = pieces[this.#piece++ % pieces.length] ?? bytes.length;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }

  #disguise(event: string): string {
    const count = this.#count++;
    const [name = "", data = ""] = event.split("\n");
    const json = JSON.parse(data.slice("data: ".length)) as Record<string, unknown>;
    // The service pads its deltas with this, against who measures their lengths.
    const padded = `data:${count % 2 ? " " : ""}${JSON.stringify({ ...json, obfuscation: "x".repeat(count % 17) })}`;
    const lines = [
      ...(count % 3 === 1 ? [": keep-alive", ""] : []),
      // The Platform sends none that its own client does not know.
      ...(this.#surface === "chatgpt" && count % 4 === 3
        ? ["event: codex.unknown", `data: {"type":"codex.unknown","payload":[${count}]}`, ""]
        : []),
      ...(count % 5 === 2 ? [`id: ${count}`, "retry: 3000", "x-unknown: field"] : []),
      ...(count % 3 === 2 ? [] : [count % 2 ? name : name.replace(": ", ":")]),
      padded,
      "",
      "",
    ];
    return lines.join(count % 2 ? "\r\n" : "\n");
  }
}
