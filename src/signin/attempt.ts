import type { Account } from "../account/state.ts";
import type { Clock } from "../platform/clock.ts";
import type { Disposable } from "../platform/disposables.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import type { Logger } from "../platform/logger.ts";
import type { SignInAttempt } from "../shared/panelProtocol.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { SignInEvent } from "./flow.ts";
import type { HostEnvironment } from "./hostEnvironment.ts";
import { RunningFlows } from "./runningFlows.ts";
import type { SignInPage } from "./signInPage.ts";

/** A person has this long to sign in, ms. */
const timeLimitMs = 10 * 60_000;

export interface AttemptDependencies {
  clock: Clock;
  log: Logger;
  http: HttpClient;
  issuer: string;
  environment: HostEnvironment;
  page: SignInPage;
  /** Asks the person, where needed, whether the issuer may be used; ends with the signal. @throws Problem */
  permit: (signal: AbortSignal) => Promise<void>;
  send: (event: SignInEvent) => void;
  onChange: () => void;
}

/** One sign-in, from the command to the stored credential: its stage, its flows, its time limit, and its end. */
export class Attempt {
  readonly issuer: string;
  readonly page: SignInPage;
  readonly flows: RunningFlows;
  readonly #since: number;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  /** Aborted when no answer is wanted any more. */
  readonly #answered = new AbortController();
  /** Aborted when the attempt has failed. */
  readonly #failed = new AbortController();
  readonly #outcome = Promise.withResolvers<Account>();
  /** Rejects when the person cancels or the time is up. */
  readonly #stopped = Promise.withResolvers<never>();
  /** When the time is up, ms by the clock that nobody can set. */
  #endsAt: number;
  /** The same for the person, ms since 1970. */
  #until: number;
  #limit: Disposable;
  /** What is done with the answer. */
  #work: "redeeming" | "saving" | undefined;

  constructor({ issuer, page, clock, permit, onChange, ...dependencies }: AttemptDependencies) {
    this.issuer = issuer;
    this.page = page;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#since = clock.now();
    this.#endsAt = clock.elapsed() + timeLimitMs;
    this.#until = this.#since + timeLimitMs;
    this.#limit = this.#startLimit();
    // Who waits for one of these handles its failure; nobody has to wait.
    this.#outcome.promise.catch(() => {});
    this.#stopped.promise.catch(() => {});
    const context = {
      ...{ ...dependencies, issuer, page, clock },
      signal: this.#answered.signal,
      outcome: this.#outcome.promise,
      stop: (problem: Problem) => this.#stop(problem),
      changed: () => this.#flowsChanged(),
    };
    this.flows = new RunningFlows(context, permit(this.#failed.signal));
  }

  /** Aborted when the attempt has failed. */
  get signal(): AbortSignal {
    return this.#failed.signal;
  }

  /** Resolves with the account when its credential is stored. @throws Problem */
  get outcome(): Promise<Account> {
    return this.#outcome.promise;
  }

  /** Never resolves. @throws Problem when the person cancels or the time is up */
  get stopped(): Promise<never> {
    return this.#stopped.promise;
  }

  get state(): SignInAttempt {
    const since = this.#since;
    if (this.#work) return { stage: this.#work, since };
    const { shown } = this.flows;
    return shown.stage === "starting" ? { ...shown, since } : { ...shown, since, until: this.#until };
  }

  /** Goes on with the answer; the flows stop waiting for theirs. From `saving` on, only the outcome ends it. */
  enter(work: "redeeming" | "saving"): void {
    this.#work = work;
    if (work === "saving") this.#limit.dispose();
    this.#answered.abort();
    this.#onChange();
  }

  /** Ends it, unless the credential is being stored: that is finished, and told as what it comes to. */
  cancel(): void {
    this.#stop(new Problem("cancelled"));
  }

  succeed(account: Account): void {
    this.#outcome.resolve(account);
    this.#end();
  }

  fail(error: unknown): void {
    this.#outcome.reject(error);
    this.#failed.abort(error);
    this.#answered.abort(error);
    this.#end();
  }

  #end(): void {
    this.#limit.dispose();
    this.flows.dispose();
  }

  #flowsChanged(): void {
    // A device code lives longer than the time limit.
    if (this.flows.expiresAt > this.#endsAt && this.#work === undefined) {
      this.#endsAt = this.flows.expiresAt;
      this.#until = this.#clock.now() + this.#leftMs;
      this.#limit.dispose();
      this.#limit = this.#startLimit();
    }
    this.#onChange();
  }

  get #leftMs(): number {
    return this.#endsAt - this.#clock.elapsed();
  }

  #startLimit(): Disposable {
    return this.#clock.after(this.#leftMs, () => this.#stop(this.flows.trouble ?? new Problem("timedOut")));
  }

  /** Aborts at once all that is under way, and makes the attempt fail. */
  #stop(problem: Problem): void {
    if (this.#work === "saving") return;
    this.#failed.abort(problem);
    this.#answered.abort(problem);
    this.#stopped.reject(problem);
  }
}

/** Whether an error means that the person cancelled, so that they need not be told. */
export function isCancelled(error: unknown): boolean {
  return isProblem(error, "cancelled");
}
