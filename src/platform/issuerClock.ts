import type { Clock } from "./clock.ts";

/**
 * How far the service's clock is from ours, in ms, read off an answer. The Date header counts whole seconds, so half a
 * second is added; without one the `iat` of a token that was just issued serves.
 */
export function clockOffset(clock: Clock, dateHeader: string | undefined, issuedAtMs: number | undefined): number {
  const date = dateHeader ? Date.parse(dateHeader) + 500 : Number.NaN;
  const theirs = Number.isNaN(date) ? issuedAtMs : date;
  if (theirs === undefined) return 0;
  const offset = theirs - clock.now();
  // Below this it is the network's delay and rounding, not a wrong clock.
  return Math.abs(offset) < 5_000 ? 0 : offset;
}
