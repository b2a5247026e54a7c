import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import {
  DeviceAuthorization,
  type DeviceCode,
  deviceCodeLifetimeMs,
  type PollAnswer,
} from "../oauth/deviceAuthorization.ts";
import { backoff } from "../platform/backoff.ts";
import { delay } from "../platform/clock.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { FlowContext, RunningFlow } from "./flow.ts";

/** How much longer the interval becomes when the issuer asks for fewer requests, ms (RFC 8628 section 3.5). */
const slowDownMs = 5_000;
const longestPauseMs = 60_000;
/** After failures in a row the interval is multiplied by these, in turn. */
const pauseFactors = [2, 4, 8, 16, 32, 64];
/** From the second failure in a row the person is told. */
const failuresBeforeNotice = 2;
/** A protection page that stays is not a hiccup. */
const blocksBeforeFailure = 5;

/**
 * Signing in with a code that is entered on the issuer's page, in any browser anywhere. From the start on, the issuer is
 * asked whether it was entered.
 * @throws Problem `deviceCodeDisabled`, or what kept the issuer from answering
 */
export async function startDeviceCodeFlow(context: FlowContext): Promise<RunningFlow> {
  const { clock, http, issuer, log, signal, send } = context;
  const authorization = new DeviceAuthorization(http, issuer);
  const code = await authorization.start(signal);
  const expiresAt = clock.elapsed() + deviceCodeLifetimeMs;
  const device = { userCode: code.userCode, page: code.verificationUri };
  log.info(`Waiting for the device code to be entered; asking every ${code.intervalMs / 1000} s`);
  const disposed = new AbortController();
  const polling = new Polling(authorization, code, expiresAt, context);
  return {
    answer: polling.run(AbortSignal.any([signal, disposed.signal])),
    expiresAt,
    get waiting() {
      return {
        stage: "waitingForDevice" as const,
        device,
        ...(polling.trouble && { notice: "serviceSilent" as const }),
      };
    },
    get trouble() {
      return polling.trouble;
    },
    async reveal() {
      send({ type: "showDeviceCode" });
    },
    dispose: () => disposed.abort(),
  };
}

/** Asks the issuer again and again whether the code was entered. */
class Polling {
  /** What keeps the issuer from answering, from the second failure in a row. */
  trouble: Problem | undefined;
  readonly #authorization: DeviceAuthorization;
  readonly #code: DeviceCode;
  /** When the code is no longer valid, ms by the clock that nobody can set. */
  readonly #deadline: number;
  readonly #context: FlowContext;
  #interval: number;
  #failures = 0;
  #blocks = 0;

  constructor(authorization: DeviceAuthorization, code: DeviceCode, deadline: number, context: FlowContext) {
    this.#authorization = authorization;
    this.#code = code;
    this.#deadline = deadline;
    this.#context = context;
    this.#interval = code.intervalMs;
  }

  /** Resolves when the code was entered. @throws Problem, and the signal's reason */
  async run(signal: AbortSignal): Promise<AuthorizationGrant> {
    const { clock } = this.#context;
    let pause = this.#interval;
    while (true) {
      await delay(clock, pause, signal);
      if (clock.elapsed() >= this.#deadline) throw new Problem("timedOut");
      const answer = await this.#ask(signal);
      if (answer?.status === "approved") return answer.grant;
      pause = this.#pauseAfter(answer);
    }
  }

  /** Asks once; undefined after a failure that may be temporary. */
  async #ask(signal: AbortSignal): Promise<PollAnswer | undefined> {
    try {
      const answer = await this.#authorization.poll(this.#code, signal);
      this.#failures = 0;
      this.#blocks = 0;
      this.#setTrouble(undefined);
      return answer;
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      this.#failures += 1;
      this.#blocks = isProblem(error, "edgeBlocked") ? this.#blocks + 1 : 0;
      if (this.#blocks >= blocksBeforeFailure) throw error;
      this.#context.log.warn(`Asking whether the device code was entered failed: ${describeError(error)}`);
      if (this.#failures >= failuresBeforeNotice) this.#setTrouble(error);
      return undefined;
    }
  }

  #pauseAfter(answer: PollAnswer | undefined): number {
    if (!answer) {
      const pauses = pauseFactors.map((factor) => Math.min(factor * this.#interval, longestPauseMs));
      return backoff(pauses, this.#failures);
    }
    if (answer.status !== "slowDown") return this.#interval;
    this.#interval = Math.min(this.#interval + slowDownMs, longestPauseMs);
    this.#context.log.info(`The issuer asks for fewer requests; asking every ${this.#interval / 1000} s`);
    return Math.max(this.#interval, answer.retryAfterMs ?? 0);
  }

  #setTrouble(trouble: Problem | undefined): void {
    const isNews = (this.trouble === undefined) !== (trouble === undefined);
    this.trouble = trouble;
    if (isNews) this.#context.changed();
  }
}

/** What a network or a service does for a moment; the code is still valid. */
function mayPass(error: unknown): error is Problem {
  return isProblem(
    error,
    "dnsFailed",
    "tlsFailed",
    "proxyFailed",
    "unreachable",
    "answerLost",
    "unreadableAnswer",
    "networkSignIn",
    "serviceFailed",
    "edgeBlocked",
  );
}
