import type { CallbackAnswer } from "../oauth/callbackServer.ts";
import type { Pkce } from "../oauth/pkce.ts";
import type { Stage } from "../panelProtocol.ts";
import type { Clock } from "../platform/clock.ts";
import { isProblem, Problem } from "../platform/problem.ts";

/** A person has this long to sign in, ms. */
export const timeLimitMs = 10 * 60_000;

/** An authorization code, with all that is needed to redeem it. */
export interface Grant {
  code: string;
  codeVerifier: string;
  redirectUri: string;
}

/**
 * One sign-in, from the command to the stored credential. It ends once: redeemed, failed, cancelled or timed out, and
 * its signal tells everything that works for it.
 */
export class Attempt {
  readonly since: number;
  readonly #abort = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  readonly #redeem: (grant: Grant, attempt: Attempt) => Promise<void>;
  readonly #onStage: () => void;
  #stage: Stage = "starting";
  #redeeming = false;

  constructor(clock: Clock, redeem: (grant: Grant, attempt: Attempt) => Promise<void>, onStage: () => void) {
    this.since = clock.now();
    this.#redeem = redeem;
    this.#onStage = onStage;
    const limit = clock.after(timeLimitMs, () => this.fail(new Problem("timedOut")));
    // Whoever awaits the outcome hears of a failure; nobody has to.
    this.#done.promise.catch(() => {}).finally(() => limit.dispose());
  }

  get stage(): Stage {
    return this.#stage;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves when the credential is stored. @throws Problem */
  get outcome(): Promise<void> {
    return this.#done.promise;
  }

  enter(stage: Stage): void {
    this.#stage = stage;
    this.#onStage();
  }

  fail(error: unknown): void {
    this.#done.reject(error);
    this.#abort.abort(error);
  }

  cancel(): void {
    this.fail(new Problem("cancelled"));
  }

  /**
   * Redeems a code, the first that comes, and ends the attempt with the outcome.
   * @throws Problem what the attempt failed with
   */
  async redeem(grant: Grant): Promise<void> {
    if (this.#redeeming) return this.outcome;
    this.#redeeming = true;
    try {
      await this.#redeem(grant, this);
      this.#done.resolve();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Takes what the sign-in page answered to a redirect. @throws Problem */
  async answer(answer: CallbackAnswer, pkce: Pkce, redirectUri: string): Promise<void> {
    if ("code" in answer) return this.redeem({ code: answer.code, codeVerifier: pkce.codeVerifier, redirectUri });
    const problem = problemOf(answer);
    this.fail(problem);
    throw problem;
  }
}

function problemOf(answer: Exclude<CallbackAnswer, { code: string }>): Problem {
  if (answer.error === "missing_code") return new Problem("missingCode");
  if ("entitlement" in answer && answer.entitlement) return new Problem("noEntitlement");
  if (answer.error === "access_denied") return new Problem("accessDenied");
  return new Problem("issuerError", /^[\w.-]{1,64}$/.test(answer.error) ? answer.error : "unusual code");
}

/** Whether an error means that the person ended it, so that nobody need be told. */
export function isCancelled(error: unknown): boolean {
  return isProblem(error, "cancelled");
}
