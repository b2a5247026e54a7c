import { Problem } from "../shared/problem.ts";

/**
 * Whether a credential or an id can be sent in a header: visible ASCII. Anything else would end the header, or add one
 * (RFC 9110 section 5.5), and HTTP clients throw errors that quote it.
 */
export function isHeaderValue(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** The last check, of all headers of a request. @throws Problem `notSendable`, which names the header and not its value */
export function assertSendable(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new Problem("notSendable", name);
  }
}
