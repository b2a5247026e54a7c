import type { Clock } from "../platform/clock.ts";

/**
 * How far the issuer's clock is ahead of ours, from an answer of the token endpoint. The Date header counts whole
 * seconds, so half a second is added. It may come from a proxy whose clock is wrong: of the header and the token's time
 * of issue the later one counts, so that a refresh is early rather than late, and a header after the token's expiry is
 * ignored.
 * @param issuedAtMs the token's time of issue, ms since 1970
 * @param expiresAtMs the token's expiry, ms since 1970
 * @returns ms; undefined when the answer has neither time
 */
export function clockOffset(
  clock: Clock,
  dateHeader: string | undefined,
  issuedAtMs: number | undefined,
  expiresAtMs?: number,
): number | undefined {
  const date = dateHeader ? Date.parse(dateHeader) + 500 : Number.NaN;
  const known = [date, issuedAtMs ?? Number.NaN].filter((time) => time < (expiresAtMs ?? Number.POSITIVE_INFINITY));
  if (known.length === 0) return undefined;
  const offset = Math.max(...known) - clock.now();
  // Below this it is the network's delay and rounding, not a wrong clock.
  return Math.abs(offset) < 5_000 ? 0 : offset;
}
