import { DeviceAuthorization, type DeviceCode, deviceCodeLifetimeMs } from "../oauth/deviceAuthorization.ts";
import { delay } from "../platform/clock.ts";
import { describeError } from "../platform/logger.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import type { Attempt } from "./attempt.ts";
import type { FlowDependencies } from "./flows.ts";

/** What a service that asks for fewer requests gets at once, ms (RFC 8628 section 3.5). */
const slowDownMs = 5_000;
const longestPauseMs = 60_000;
/** From the second failure in a row the person is told. */
const troublesBeforeNotice = 2;
/** A protection page that stays is not a hiccup. */
const blocksBeforeFailure = 5;

/**
 * Signing in with a code that is typed on the issuer's page, in any browser anywhere. Resolves when there is a code,
 * with the way to show it again; from then on the issuer is asked whether it was entered.
 * @throws Problem `deviceCodeDisabled`, or what kept the service from answering
 */
export async function startDeviceCodeFlow(attempt: Attempt, parts: FlowDependencies): Promise<() => Promise<void>> {
  const authorization = new DeviceAuthorization(parts.http, parts.issuer);
  const code = await authorization.start(attempt.answered);
  const expires = parts.clock.now() + deviceCodeLifetimeMs;
  attempt.device = code;
  attempt.extendTo(expires);
  parts.log.info(`Waiting for the device code to be entered; asking every ${code.intervalMs / 1000} s`);
  const show = async () => {
    attempt.notify(undefined);
    attempt.show("deviceCode", "waitingForDevice");
    parts.showDeviceCode();
  };
  await show();
  void pollUntilApproved(attempt, authorization, code, expires, parts).catch((error: unknown) => {
    if (attempt.answered.aborted) return;
    attempt.device = undefined;
    parts.onFailure("deviceCode", error);
  });
  return show;
}

async function pollUntilApproved(
  attempt: Attempt,
  authorization: DeviceAuthorization,
  code: DeviceCode,
  expires: number,
  { clock, log }: FlowDependencies,
): Promise<void> {
  let interval = code.intervalMs;
  let troubles = 0;
  let blocks = 0;
  let pause = interval;
  while (true) {
    await delay(clock, pause, attempt.answered);
    if (clock.now() >= expires) throw new Problem("timedOut");
    try {
      const answer = await authorization.poll(code, attempt.answered);
      troubles = 0;
      blocks = 0;
      if (attempt.notice === "serviceSilent") attempt.notify(undefined);
      if (answer.status === "approved") return await attempt.redeem(answer.grant);
      if (answer.status === "slowDown") {
        interval = Math.min(interval + slowDownMs, longestPauseMs);
        log.info(`The service asks for fewer requests; asking every ${interval / 1000} s`);
      }
      pause = answer.status === "slowDown" ? Math.max(interval, answer.retryAfterMs ?? 0) : interval;
    } catch (error) {
      if (attempt.answered.aborted || !mayPass(error)) throw error;
      troubles += 1;
      blocks = isProblem(error, "edgeBlocked") ? blocks + 1 : 0;
      if (blocks >= blocksBeforeFailure) throw error;
      log.warn(`Asking for the device code's outcome failed: ${describeError(error)}`);
      if (troubles >= troublesBeforeNotice) attempt.notify("serviceSilent", error);
      pause = Math.min(interval * 2 ** troubles, Math.max(longestPauseMs, interval));
    }
  }
}

/** What a network or a service does for a moment; the code is still good. */
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
