import type { Clock } from "../platform/clock.ts";
import { refreshDueAt } from "./freshness.ts";
import type { Entry } from "./state.ts";

/** A clock that is set back by less than this hides no expiry, as tokens are refreshed this long before it, ms. */
const toleranceMs = 5 * 60_000;
/** For how long after an offset was learned a clock is taken to be as wrong as it was then, ms. */
const recentMs = 24 * 60 * 60_000;

/** What a window knows of the age of an access token. Times are ms since 1970. */
export interface TokenAge {
  readonly accessToken: string;
  readonly receivedAt: number;
  /** The issuer's clock minus ours, ms. */
  readonly clockOffset: number;
  /** When it is due to be refreshed, by our clock. */
  readonly dueAt: number;
  /** When it expires, by the issuer's clock. */
  readonly expiresAt: number | undefined;
  /** A time by the issuer's clock that had come when `elapsed` was what the clock that nobody can set said. */
  latest: number;
  elapsed: number;
}

/**
 * Tells whether access tokens are due or have expired. A computer's clock alone does not tell: by one that was set back,
 * or that has been put right since it was compared with the issuer's, a token that has expired looks fresh. While a
 * window is open, the time that passes counts as well.
 */
export class TokenAges {
  readonly #clock: Clock;
  readonly #ages = new Map<string, TokenAge>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known of the age of an account's access token. */
  of(entry: Entry): TokenAge {
    const { credential } = entry;
    const known = this.#ages.get(credential.id);
    if (known && isOf(known, entry)) return known;
    const age = this.#begin(entry);
    this.#ages.set(credential.id, age);
    return age;
  }

  /** Whether a token is to be refreshed: it expires soon, or the clock was set back so that it may be older than it looks. */
  isDue(age: TokenAge): boolean {
    const now = this.#clock.now();
    if (now >= age.dueAt) return true;
    const time = now + age.clockOffset;
    const known = this.#advance(age);
    if (time < known - toleranceMs) return true;
    age.latest = Math.max(known, time);
    return false;
  }

  hasExpired(age: TokenAge): boolean {
    const { expiresAt, clockOffset } = age;
    if (expiresAt === undefined) return false;
    return Math.max(this.#clock.now() + clockOffset, this.#advance(age)) >= expiresAt;
  }

  #begin({ credential, claims }: Entry): TokenAge {
    const { tokens, receivedAt, clockOffset } = credential;
    return {
      accessToken: tokens.accessToken,
      ...{ receivedAt, clockOffset },
      dueAt: this.#dueAt({ credential, claims }),
      expiresAt: claims.expiresAt,
      // A clock by which a token has not been issued yet, or has not come, was set back before this window was opened.
      latest: Math.max(claims.issuedAt ?? Number.NEGATIVE_INFINITY, receivedAt + clockOffset),
      elapsed: this.#clock.elapsed(),
    };
  }

  /** An offset that makes a token last longer counts only while the clock cannot have been put right unnoticed. */
  #dueAt(entry: Pick<Entry, "credential" | "claims">): number {
    const { clockOffset, receivedAt } = entry.credential;
    const dueAt = refreshDueAt(entry);
    if (clockOffset >= 0 || Math.abs(this.#clock.now() - receivedAt) < recentMs) return dueAt;
    return Math.min(dueAt, refreshDueAt(entry, 0));
  }

  /** The latest time that is known to have come by the issuer's clock. */
  #advance(age: TokenAge): number {
    const elapsed = this.#clock.elapsed();
    age.latest += elapsed - age.elapsed;
    age.elapsed = elapsed;
    return age.latest;
  }
}

function isOf(age: TokenAge, { credential }: Entry): boolean {
  return (
    age.accessToken === credential.tokens.accessToken &&
    age.receivedAt === credential.receivedAt &&
    age.clockOffset === credential.clockOffset
  );
}
