import type { Secret } from "../../issuer/types.ts";

/** As much of a secret as nobody may see; what is shorter is looked for as a whole. */
const telling = 20;

/** A secret that was found: what it is, and where. */
export interface Leak {
  readonly kind: Secret["kind"];
  readonly place: string;
}

/**
 * Looks for secrets in a text, also for parts of 20 characters from their ends, the payload of a token, and encoded ones:
 * in base64, hexadecimal digits, percent, JSON, HTML and UTF-16, each in another one, and split over lines.
 */
export function secretsIn(text: string, secrets: readonly Secret[]): Secret["kind"][] {
  const views = viewsOf(text);
  const found = secrets.filter(({ value }) => {
    const traces = tracesOf(value);
    return views.some((view) => traces.some((trace) => view.includes(trace)));
  });
  return [...new Set(found.map(({ kind }) => kind))];
}

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
