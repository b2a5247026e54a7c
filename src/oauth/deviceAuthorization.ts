import * as z from "zod/mini";
import type { HttpClient, HttpResponse } from "../platform/httpClient.ts";
import { Problem } from "../shared/problem.ts";
import { clientId } from "./issuer.ts";
import { errorCode, failureOf, isPage, isServiceError } from "./oauthError.ts";

/** A device code is good for this long, ms (protocol.md section 5). */
export const deviceCodeLifetimeMs = 15 * 60_000;

const defaultIntervalMs = 5_000;
const shortestIntervalMs = 1_000;
const longestIntervalMs = 60_000;

const secret = z.string().check(z.minLength(1), z.maxLength(4096));
/** Shown to the person, in a notification among others: nothing but what a code is made of. */
const userCodeSchema = z.string().check(z.regex(/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/), z.maxLength(32));
const startedSchema = z.object({
  device_auth_id: secret,
  // The service is known to spell it both ways.
  user_code: z.optional(userCodeSchema),
  usercode: z.optional(userCodeSchema),
  interval: z.catch(z.optional(z.union([z.string(), z.number()])), undefined),
});
const approvedSchema = z.object({ authorization_code: secret, code_verifier: secret });

export interface DeviceCode {
  readonly deviceAuthId: string;
  /** What the person types on the page of `verificationUri`; for them alone. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** The least time between two polls, ms. */
  readonly intervalMs: number;
}

export type PollAnswer =
  | { status: "pending" }
  | { status: "approved"; grant: { code: string; codeVerifier: string; redirectUri: string } }
  /** Ask again, but less often. */
  | { status: "slowDown"; retryAfterMs: number | undefined };

/**
 * The issuer's own device authorization (protocol.md section 5). It is not RFC 8628: the PKCE pair is the server's, and
 * pending is a 403 or 404.
 */
export class DeviceAuthorization {
  readonly #http: HttpClient;
  readonly #issuer: string;

  constructor(http: HttpClient, issuer: string) {
    this.#http = http;
    this.#issuer = issuer;
  }

  /** Asks for a code. @throws Problem `deviceCodeDisabled`, or what kept the service from answering */
  async start(signal: AbortSignal): Promise<DeviceCode> {
    const response = await this.#post("usercode", { client_id: clientId }, signal);
    if (response.status === 404) throw new Problem("deviceCodeDisabled", "404");
    if (!isSuccess(response) || errorCode(response.json) !== undefined) throw failureOf(response, "serviceFailed");
    const parsed = startedSchema.safeParse(response.json);
    const userCode = parsed.data?.user_code ?? parsed.data?.usercode;
    if (!parsed.success || userCode === undefined) throw unreadable(response);
    return {
      deviceAuthId: parsed.data.device_auth_id,
      userCode,
      verificationUri: `${this.#issuer}/codex/device`,
      intervalMs: intervalMs(parsed.data.interval),
    };
  }

  /**
   * Asks once whether the person has entered the code.
   * @throws Problem `accessDenied` or `timedOut` when it is over; others may pass
   */
  async poll(code: DeviceCode, signal: AbortSignal): Promise<PollAnswer> {
    const body = { device_auth_id: code.deviceAuthId, user_code: code.userCode };
    const response = await this.#post("token", body, signal);
    const error = errorCode(response.json);
    if (isSuccess(response) && error === undefined) {
      const approved = approvedSchema.safeParse(response.json);
      if (!approved.success) throw unreadable(response);
      const { authorization_code, code_verifier } = approved.data;
      const redirectUri = `${this.#issuer}/deviceauth/callback`;
      return { status: "approved", grant: { code: authorization_code, codeVerifier: code_verifier, redirectUri } };
    }
    if (response.status === 429 || error === "slow_down" || error === "rate_limit_exceeded") {
      return { status: "slowDown", retryAfterMs: retryAfterMs(response) };
    }
    // Told by status and code together: what a failing service says of the person's answer may be wrong.
    const isAnswer = isSuccess(response) || (response.status >= 400 && response.status < 500);
    if (isAnswer && error === "access_denied") throw new Problem("accessDenied", `${response.status}`);
    if (isAnswer && error === "expired_token") throw new Problem("timedOut", `${response.status} ${error}`);
    if (response.status === 404 || error === "authorization_pending") return { status: "pending" };
    // 403 is pending as well, unless it says that it is something else: the region, or a protection page.
    if (response.status === 403 && !error?.startsWith("unsupported_country") && !isPage(response)) {
      return { status: "pending" };
    }
    // A gateway or a portal answers 401 as well, and that says nothing of the code.
    if (response.status === 401 && !isServiceError(response.json)) throw failureOf(response, "unreadableAnswer");
    throw failureOf(response, isSuccess(response) ? "serviceFailed" : "exchangeRefused");
  }

  #post(name: "usercode" | "token", json: unknown, signal: AbortSignal): Promise<HttpResponse> {
    return this.#http.send({
      method: "POST",
      url: `${this.#issuer}/api/accounts/deviceauth/${name}`,
      json,
      signal,
    });
  }
}

/** Told in seconds, in a string; nothing or nonsense means five seconds, and a second is the least. */
function intervalMs(interval: string | number | undefined): number {
  const ms = Number(interval ?? 0) * 1000;
  return ms > 0 ? Math.min(Math.max(ms, shortestIntervalMs), longestIntervalMs) : defaultIntervalMs;
}

function retryAfterMs({ headers }: HttpResponse): number | undefined {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return seconds > 0 ? Math.min(seconds * 1000, longestIntervalMs) : undefined;
}

function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

function unreadable({ status }: HttpResponse): Problem {
  return new Problem("unreadableAnswer", `${status} with an unexpected body`);
}
