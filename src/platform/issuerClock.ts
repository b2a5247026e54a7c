import type { Clock } from "./clock.ts";

/**
 * How far the service's clock is from ours, in ms, read off an answer; undefined when the answer does not tell. The Date
 * header counts whole seconds, so half a second is added. Whoever issued a token at `iat` is not behind it: where the
 * two differ (a proxy with a clock of its own), the later one counts, and the token is renewed early rather than late.
 */
export function clockOffset(
  clock: Clock,
  dateHeader: string | undefined,
  issuedAtMs: number | undefined,
): number | undefined {
  const date = dateHeader ? Date.parse(dateHeader) + 500 : Number.NaN;
  const known = [date, issuedAtMs ?? Number.NaN].filter((time) => !Number.isNaN(time));
  if (known.length === 0) return undefined;
  const offset = Math.max(...known) - clock.now();
  // Below this it is the network's delay and rounding, not a wrong clock.
  return Math.abs(offset) < 5_000 ? 0 : offset;
}
