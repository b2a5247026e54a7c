import type { Clock } from "../platform/clock.ts";
import { asTime } from "../platform/untrusted.ts";

const dayMs = 24 * 60 * 60_000;
/** Below this a difference is the network's delay and rounding, not a wrong clock, ms. */
const noiseMs = 5_000;
/** Two clocks that differ by less than this agree, ms. */
const agreementMs = 5 * 60_000;
/** Longer than a request to the issuer lasts while the computer is awake, ms. */
const longestRequestMs = 35_000;
/** The longest that an access token is known to live, with room to spare, ms. */
const longestLifetimeMs = 90 * dayMs;

/**
 * How far the issuer's clock is ahead of ours, from an answer of the token endpoint. Its Date header counts whole
 * seconds, so half a second is added. It may come from a proxy whose clock is wrong, so it counts only if the token that
 * came with it had been issued not long before; then the later of the two counts, so that a refresh is early rather than
 * late. Without such a header, our own clock is asked in the same way.
 * @param issuedAtMs the token's time of issue, ms since 1970
 * @param expiresAtMs the token's expiry, ms since 1970
 * @returns ms; undefined when the answer does not tell
 */
export function clockOffset(
  clock: Clock,
  dateHeader: string | undefined,
  issuedAtMs: number | undefined,
  expiresAtMs?: number,
): number | undefined {
  const now = clock.now();
  // In seconds, as it is in the header.
  const date = (asTime(Date.parse(dateHeader ?? "") / 1000) ?? Number.NaN) + 500;
  const time =
    issuedAtMs === undefined ? dateAlone(date, expiresAtMs) : timeOfAnswer(date, now, issuedAtMs, expiresAtMs);
  return time === undefined ? undefined : withoutNoise(time - now);
}

/**
 * The same for a token that its owner, the Codex CLI, got some time ago. Never below 0: a refresh is early rather than
 * late.
 * @param receivedAtMs when its owner got it by the clock of this computer, as far as is known, ms since 1970
 */
export function clockOffsetOfLogin(
  now: number,
  issuedAtMs: number | undefined,
  receivedAtMs: number | undefined = now,
): number {
  if (issuedAtMs === undefined) return 0;
  const then = issuedAtMs - Math.min(receivedAtMs, now);
  // So much says more about a file that somebody has edited than about a clock. But no token is issued in the future.
  const offset = then <= dayMs ? then : issuedAtMs - now;
  return withoutNoise(Math.max(0, offset));
}

/**
 * Whether an answer may have come long before it is handled: the computer may have slept meanwhile, or its clock was set
 * forward. It then tells nothing of the issuer's clock.
 * @param askedAt when the request was made, ms since 1970 by the local clock, if that is known
 */
export function mayBeOld(clock: Pick<Clock, "now">, askedAt: number | undefined): boolean {
  return askedAt !== undefined && clock.now() - askedAt > longestRequestMs;
}

/** The issuer's time when it answered. */
function timeOfAnswer(date: number, now: number, issuedAt: number, expiresAt = issuedAt + longestLifetimeMs): number {
  const latest = issuedAt + Math.min(dayMs, (expiresAt - issuedAt) / 2);
  const isSoonAfter = (time: number) => time >= issuedAt && time <= latest;
  // An issuer may give out a token again that it issued before.
  const agrees = Math.abs(date - now) < agreementMs && date < expiresAt;
  if (isSoonAfter(date) || agrees) return Math.max(date, issuedAt);
  return isSoonAfter(now) ? now : issuedAt;
}

/** A header that comes with a token which does not say when it was issued. */
function dateAlone(date: number, expiresAt = Number.NaN): number | undefined {
  if (date >= expiresAt || date < expiresAt - longestLifetimeMs) return undefined;
  return Number.isNaN(date) ? undefined : date;
}

function withoutNoise(offset: number): number {
  return Math.abs(offset) < noiseMs ? 0 : offset;
}
