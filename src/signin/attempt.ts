import type { CallbackAnswer } from "../oauth/callbackAnswer.ts";
import type { DeviceCode } from "../oauth/deviceAuthorization.ts";
import { createPkce, createState, type Pkce } from "../oauth/pkce.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { FlowName, SignInNotice, Stage } from "../shared/panelProtocol.ts";
import { isProblem, Problem } from "../shared/problem.ts";

/** A person has this long to sign in, ms. */
export const timeLimitMs = 10 * 60_000;

/** An authorization code, with all that is needed to redeem it. */
export interface Grant {
  code: string;
  codeVerifier: string;
  redirectUri: string;
}

/**
 * One sign-in, from the command to the stored credential, whichever flows it goes through: the first code that one of
 * them brings is redeemed. It ends once: redeemed, failed, cancelled or timed out, and its signals tell everything that
 * works for it.
 */
export class Attempt {
  readonly since: number;
  /** One pair and one state for the browser and for the pasted address, so that either can bring the answer. */
  readonly pkce: Pkce = createPkce();
  readonly state: string = createState();
  /** The flow that the person is shown; others may be waiting as well. */
  flow: FlowName = "browser";
  /** The sign-in page's address, once there is one. Holds the state: never for a log. */
  link: string | undefined;
  device: DeviceCode | undefined;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #answered = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  readonly #redeem: (grant: Grant, attempt: Attempt) => Promise<void>;
  readonly #onChange: () => void;
  #stage: Stage = "starting";
  #notice: SignInNotice | undefined;
  #until: number;
  #limit: Disposable;
  /** What to say when the time is up, where more is known than that. */
  #lastTrouble: Problem | undefined;

  constructor(clock: Clock, redeem: (grant: Grant, attempt: Attempt) => Promise<void>, onChange: () => void) {
    this.since = clock.now();
    this.#clock = clock;
    this.#redeem = redeem;
    this.#onChange = onChange;
    this.#until = this.since + timeLimitMs;
    this.#limit = this.#startLimit();
    // Whoever awaits the outcome hears of a failure; nobody has to.
    this.#done.promise.catch(() => {}).finally(() => this.#limit.dispose());
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** When it will be given up, ms since 1970. */
  get until(): number {
    return this.#until;
  }

  get notice(): SignInNotice | undefined {
    return this.#notice;
  }

  /** Aborted when the attempt fails. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Aborted when no answer is wanted any more: one has come, or the attempt failed. */
  get answered(): AbortSignal {
    return this.#answered.signal;
  }

  /** Resolves when the credential is stored. @throws Problem */
  get outcome(): Promise<void> {
    return this.#done.promise;
  }

  enter(stage: Stage): void {
    this.#stage = stage;
    this.#onChange();
  }

  /** Goes on with a flow, unless its answer is being redeemed already. */
  show(flow: FlowName, stage: Stage): void {
    if (this.answered.aborted) return;
    this.flow = flow;
    this.enter(stage);
  }

  /** Tells the person something about the waiting, or takes it back. */
  notify(notice: SignInNotice | undefined, trouble?: Problem): void {
    this.#lastTrouble = trouble;
    if (this.#notice === notice) return;
    this.#notice = notice;
    this.#onChange();
  }

  /** Gives the person more time: a device code lives longer than a sign-in page. */
  extendTo(until: number): void {
    if (until <= this.#until) return;
    this.#until = until;
    this.#limit.dispose();
    if (!this.signal.aborted) this.#limit = this.#startLimit();
  }

  fail(error: unknown): void {
    this.#done.reject(error);
    this.#answered.abort(error);
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
    if (this.#answered.signal.aborted) return this.outcome;
    this.#answered.abort();
    try {
      await this.#redeem(grant, this);
      this.#done.resolve();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Takes what the sign-in page answered to a redirect. @throws Problem */
  async answer(answer: CallbackAnswer, redirectUri: string): Promise<void> {
    if ("code" in answer) return this.redeem({ code: answer.code, codeVerifier: this.pkce.codeVerifier, redirectUri });
    const problem = problemOf(answer);
    this.fail(problem);
    throw problem;
  }

  #startLimit(): Disposable {
    return this.#clock.after(this.#until - this.#clock.now(), () =>
      this.fail(this.#lastTrouble ?? new Problem("timedOut")),
    );
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
