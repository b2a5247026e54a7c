import type { Clock } from "../platform/clock.ts";

/**
 * How far the service's clock is from ours, in ms, read off an answer; undefined when the answer does not tell. The Date
 * header counts whole seconds, so half a second is added. Whoever issued a token at `iat` is not behind it: where the
 * two differ (a proxy with a clock of its own), the later one counts, and the token is renewed early rather than late.
 * Nobody issues a token that is over: a header that is later than its end counts for nothing.
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
