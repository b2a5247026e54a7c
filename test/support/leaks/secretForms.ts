import type { Secret } from "../../issuer/types.ts";

/** As much of a secret as nobody may see; what is shorter is looked for as a whole. */
const telling = 20;

/** A secret that was found: what it is, and where. */
export interface Leak {
  readonly kind: Secret["kind"];
  readonly place: string;
}

/** The first characters of what is looked for, by which it is found; nothing that is looked for is shorter. */
const beginning = 8;

/**
 * Looks for secrets in texts, also for parts of 20 characters from their ends, the payload of a token, and encoded ones:
 * in base64, hexadecimal digits, percent, JSON, HTML and UTF-16, each in another one, and split over lines.
 */
export class SecretSearch {
  /** What is looked for, by the hash of its beginning (Rabin and Karp): a search for each would take minutes. */
  readonly #traces = new Map<number, { readonly text: string; readonly kind: Secret["kind"] }[]>();
  /** Which halves of hashes there are: tells most of what is not looked for. */
  readonly #halves = new Uint8Array(1 << 16);

  constructor(secrets: readonly Secret[]) {
    for (const { kind, value } of secrets) for (const text of tracesOf(value)) this.#add(text, kind);
  }

  #add(text: string, kind: Secret["kind"]): void {
    if (text.length < beginning) throw new Error(`A ${kind} is too short to be looked for`);
    let hash = 0;
    for (let at = 0; at < beginning; at += 1) hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
    this.#traces.set(hash, [...(this.#traces.get(hash) ?? []), { text, kind }]);
    this.#halves[hash >>> 16] = 1;
  }

  /** The kinds of the secrets that are in a text, each once. */
  kindsIn(text: string): Secret["kind"][] {
    const kinds = new Set<Secret["kind"]>();
    for (const view of viewsOf(text)) this.#look(view, kinds);
    return [...kinds];
  }

  #look(text: string, kinds: Set<Secret["kind"]>): void {
    let hash = 0;
    for (let at = 0; at < text.length; at += 1) {
      const left = at < beginning ? 0 : Math.imul(text.charCodeAt(at - beginning), leaving);
      hash = (Math.imul(hash, base) + text.charCodeAt(at) - left) | 0;
      if (this.#halves[hash >>> 16] === 0) continue;
      const start = at - beginning + 1;
      for (const trace of this.#traces.get(hash) ?? []) if (text.startsWith(trace.text, start)) kinds.add(trace.kind);
    }
  }
}

const base = 0x01000193;
/** The weight of a character that has just left the beginning. */
const leaving = Array.from({ length: beginning }).reduce<number>((weight) => Math.imul(weight, base), 1);

/** What of a secret is looked for in each view of a text. */
function tracesOf(value: string): string[] {
  const parts = [value.slice(0, telling), value.slice(-telling), ...payloadOf(value)];
  const plain = new Set(parts.filter((part) => part.length >= Math.min(telling, value.length)));
  const encoded = [...plain].flatMap((part) => {
    const bytes = [Buffer.from(part, "utf8"), Buffer.from(part, "utf16le")];
    return bytes.flatMap((each) => [...base64Of(each), each.toString("hex"), each.toString("hex").toUpperCase()]);
  });
  return [...plain, ...encoded];
}

/** The beginning of a token's payload (RFC 7519), as it is in the token and in plain. */
function payloadOf(value: string): string[] {
  const [, payload, ...rest] = value.split(".");
  if (!payload || rest.length !== 1 || !value.startsWith("eyJ")) return [];
  const claims = Buffer.from(payload, "base64url").toString("utf8").replace(/\s/g, "");
  return [payload.slice(0, telling), claims.slice(0, 2 * telling)];
}

/** How bytes look inside a longer text in base64, by their offset from a multiple of three; in both alphabets. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // The first and the last digits depend on the neighbours.
    const sure = text.slice(offset === 0 ? 0 : offset + 1, (offset + bytes.length) % 3 === 0 ? undefined : -1);
    return [sure, sure.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Undoes an encoding wherever it is in a text. */
const decoders: readonly ((text: string) => string)[] = [
  // UTF-16, of whichever order
  (text) => text.replaceAll("\0", ""),
  (text) => text.replace(/&#(?:x([\da-f]+)|(\d+));/gi, (_, hex, decimal) => character(hex, decimal)),
  fromJson,
  fromPercent,
  fromJson,
  fromPercent,
  // Lines, also of a text that is a string in another language
  (text) => text.replace(/[\s\\]+/g, ""),
];

/** A text as it is, and after each of the decoders; none of them changes the characters that secrets have. */
function viewsOf(text: string): string[] {
  const views = [text];
  for (const decode of decoders) {
    const last = views.at(-1) ?? "";
    const next = decode(last);
    if (next !== last) views.push(next);
  }
  return views;
}

function fromJson(text: string): string {
  return text.replace(/\\u([\da-f]{4})/gi, (_, hex) => character(hex, "")).replace(/\\[nrt]/g, "\n");
}

function fromPercent(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("latin1"));
}

function character(hex: string | undefined, decimal: string | undefined): string {
  const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
