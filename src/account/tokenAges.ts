import type { Clock } from "../platform/clock.ts";
import type { Entry } from "./state.ts";

/** A clock that is set back by less than this hides no expiry, as tokens are refreshed this long before it, ms. */
const toleranceMs = 5 * 60_000;

/** Until when a token was known to exist. */
export interface TokenAge {
  accessToken: string;
  /** The latest time, ms since 1970. */
  latest: number;
}

/** Notices a clock that was set back: by such a clock, a token that has expired may look fresh. */
export class TokenAges {
  readonly #clock: Clock;
  readonly #ages = new Map<string, TokenAge>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known of the age of an account's access token. */
  of({ credential }: Entry): TokenAge {
    const { accessToken } = credential.tokens;
    const known = this.#ages.get(credential.id);
    if (known?.accessToken === accessToken) return known;
    const age = { accessToken, latest: credential.receivedAt };
    this.#ages.set(credential.id, age);
    return age;
  }

  /** Whether the clock was set back since a token was last known to exist. */
  isClockSetBack(age: TokenAge): boolean {
    const now = this.#clock.now();
    if (now < age.latest - toleranceMs) return true;
    age.latest = Math.max(age.latest, now);
    return false;
  }
}
