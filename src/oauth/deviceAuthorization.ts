import * as z from "zod/mini";
import type { HttpClient, HttpResponse } from "../platform/httpClient.ts";
import { Problem } from "../shared/problem.ts";
import type { AuthorizationGrant } from "./authorizationRequest.ts";
import { clientId, issuerUrl } from "./issuer.ts";
import { errorCode, failureOf, isPage, isServiceError } from "./oauthError.ts";

/** A device code is valid for this long, ms. */
export const deviceCodeLifetimeMs = 15 * 60_000;

const defaultIntervalMs = 5_000;
const shortestIntervalMs = 1_000;
const longestIntervalMs = 60_000;

const secret = z.string().check(z.minLength(1), z.maxLength(4096));
/** Shown in a notification, which renders links: nothing but letters, digits and hyphens is accepted. */
const userCodeSchema = z.string().check(z.regex(/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/), z.maxLength(32));
const startedSchema = z.object({
  device_auth_id: secret,
  // The issuer is known to use either name.
  user_code: z.optional(userCodeSchema),
  usercode: z.optional(userCodeSchema),
  interval: z.catch(z.optional(z.union([z.string(), z.number()])), undefined),
});
const approvedSchema = z.object({ authorization_code: secret, code_verifier: secret });

export interface DeviceCode {
  readonly deviceAuthId: string;
  /** What the person enters at `verificationUri`. Only they may see it. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** The least time between two polls, ms. */
  readonly intervalMs: number;
}

export type PollAnswer =
  | { status: "pending" }
  | { status: "approved"; grant: AuthorizationGrant }
  /** Ask again, but less often. */
  | { status: "slowDown"; retryAfterMs: number | undefined };

/**
 * The issuer's device authorization, as the Codex CLI uses it. It differs from RFC 8628: the issuer makes the PKCE pair,
 * and answers 403 or 404 while the person has not entered the code.
 */
export class DeviceAuthorization {
  readonly #http: HttpClient;
  readonly #issuer: string;

  constructor(http: HttpClient, issuer: string) {
    this.#http = http;
    this.#issuer = issuer;
  }

  /** Asks for a code. @throws Problem `deviceCodeDisabled`, or what kept the issuer from answering */
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
      verificationUri: issuerUrl(this.#issuer, "/codex/device"),
      intervalMs: intervalMs(parsed.data.interval),
    };
  }

  /**
   * Asks once whether the person has entered the code.
   * @throws Problem `accessDenied` or `timedOut` when it is over; others may be temporary
   */
  async poll(code: DeviceCode, signal: AbortSignal): Promise<PollAnswer> {
    const body = { device_auth_id: code.deviceAuthId, user_code: code.userCode };
    const response = await this.#post("token", body, signal);
    const error = errorCode(response.json);
    if (isSuccess(response) && error === undefined) return { status: "approved", grant: this.#grantIn(response) };
    if (response.status === 429 || error === "slow_down" || error === "rate_limit_exceeded") {
      return { status: "slowDown", retryAfterMs: retryAfterMs(response) };
    }
    const end = endOf(response, error);
    if (end) throw end;
    if (isPending(response, error)) return { status: "pending" };
    throw pollFailure(response);
  }

  #grantIn(response: HttpResponse): AuthorizationGrant {
    const approved = approvedSchema.safeParse(response.json);
    if (!approved.success) throw unreadable(response);
    return {
      code: approved.data.authorization_code,
      codeVerifier: approved.data.code_verifier,
      redirectUri: issuerUrl(this.#issuer, "/deviceauth/callback"),
    };
  }

  #post(name: "usercode" | "token", json: unknown, signal: AbortSignal): Promise<HttpResponse> {
    return this.#http.send({
      method: "POST",
      url: issuerUrl(this.#issuer, `/api/accounts/deviceauth/${name}`),
      json,
      signal,
    });
  }
}

/** The problem that ends the wait for good. Status and code together decide: a failing service's code may be wrong. */
function endOf(response: HttpResponse, error: string | undefined): Problem | undefined {
  const isAnswer = isSuccess(response) || (response.status >= 400 && response.status < 500);
  if (isAnswer && error === "access_denied") return new Problem("accessDenied", `${response.status}`);
  if (isAnswer && error === "expired_token") return new Problem("timedOut", `${response.status} ${error}`);
  return undefined;
}

/** 403 is pending as well, unless it is about the region or comes with a protection page. */
function isPending(response: HttpResponse, error: string | undefined): boolean {
  if (response.status === 404 || error === "authorization_pending") return true;
  return response.status === 403 && !error?.startsWith("unsupported_country") && !isPage(response);
}

function pollFailure(response: HttpResponse): Problem {
  // A 401 of a gateway or a portal says nothing about the code.
  if (response.status === 401 && !isServiceError(response.json)) return failureOf(response, "unreadableAnswer");
  return failureOf(response, isSuccess(response) ? "serviceFailed" : "exchangeRefused");
}

/** The issuer sends seconds, as a string. Without a usable value it is five seconds; a second is the least. */
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
