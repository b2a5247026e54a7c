import * as z from "zod/mini";
import { isHeaderValue } from "../platform/headerValue.ts";
import type { HttpClient, HttpResponse } from "../platform/httpClient.ts";
import { asRecord } from "../platform/untrusted.ts";
import { Problem } from "../shared/problem.ts";
import { readClaims } from "./claims.ts";
import { clientId, issuerUrl } from "./issuer.ts";
import { errorCode, failureOf, isErrorBody, isPassing, isServiceError } from "./oauthError.ts";

const refreshToken = z.string().check(z.minLength(1), z.maxLength(64 * 1024));
/** A token that becomes part of a header: visible ASCII. */
const token = refreshToken.check(z.refine(isHeaderValue));

const tokenSetSchema = z.object({ id_token: token, access_token: token, refresh_token: refreshToken });
/** A token of an account that is signed in already, so that it names no ChatGPT workspace that cannot be. */
const nextToken = token.check(z.refine((text) => !readClaims(text)?.hasUnusableWorkspace));
/** An unusable field counts as left out. Rejecting the whole answer would lose the new refresh token with it. */
const lenient = <T extends z.core.$ZodType>(schema: T) => z.catch(z.optional(schema), undefined);
const redeemedSchema = z.object({
  id_token: lenient(token),
  access_token: lenient(token),
  refresh_token: lenient(refreshToken),
});
const refreshedSchema = z.object({
  id_token: lenient(nextToken),
  access_token: lenient(nextToken),
  refresh_token: lenient(refreshToken),
});
const apiKeySchema = z.object({ access_token: token });

export interface TokenSet {
  idToken: string;
  accessToken: string;
  refreshToken: string;
}

export interface Refreshed {
  /** Set when the answer is an error or has no access token: nothing was refreshed, but what came has to be kept. */
  failure?: Problem;
  tokens: Partial<TokenSet>;
  /** The answer's Date header. */
  date: string | undefined;
}

/** Why the issuer will never accept a refresh token again. */
export type RefreshRejection = "expired" | "reused" | "revoked" | "rejected";

/** The issuer will not accept this refresh token again: the person has to sign in. */
export class RefreshRejected extends Error {
  override readonly name = "RefreshRejected";
  readonly reason: RefreshRejection;
  readonly detail: string;

  constructor(reason: RefreshRejection, detail: string) {
    super("The refresh token was rejected.");
    this.reason = reason;
    this.detail = detail;
  }
}

/** The issuer has redeemed a code and its answer cannot be used; but it has a refresh token, which is to be revoked. */
export class IncompleteTokens extends Problem<"unreadableAnswer"> {
  readonly refreshToken: string;

  constructor(refreshToken: string) {
    super("unreadableAnswer", "incompleteTokens");
    this.refreshToken = refreshToken;
  }
}

/** By the issuer's code. A map, because every object has keys such as `constructor`. */
const rejections: ReadonlyMap<string, RefreshRejection> = new Map([
  ["refresh_token_expired", "expired"],
  ["refresh_token_reused", "reused"],
  ["refresh_token_invalidated", "revoked"],
]);

/** A 401 with one of these codes is about the refresh token, whoever wrote the rest of it. */
const refusals: ReadonlySet<string> = new Set(["invalid_grant", "invalid_refresh_token"]);
/** With these it is, if the error is an object with a message; gateways use them for their own tokens. */
const ambiguousRefusals: ReadonlySet<string> = new Set(["token_expired", "token_invalidated", "token_revoked"]);

/** The same for redeeming a code or exchanging an id_token: RFC 6749 section 5.2, and two codes of the issuer. */
const exchangeRefusals: ReadonlySet<string> = new Set([
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "access_denied",
  "invalid_subject_token",
  "no_valid_organizations",
]);

/** The issuer's token endpoint (RFC 6749 section 3.2), in the dialect that openai/codex speaks with it. */
export class TokenEndpoint {
  readonly #http: HttpClient;
  readonly #url: string;

  constructor(http: HttpClient, issuer: string) {
    this.#http = http;
    this.#url = issuerUrl(issuer, "/oauth/token");
  }

  /**
   * Redeems an authorization code (RFC 6749 section 4.1.3). A code works once, so this is never tried again.
   * @throws IncompleteTokens, or another Problem
   */
  async redeemCode(grant: {
    code: string;
    codeVerifier: string;
    redirectUri: string;
  }): Promise<TokenSet & { date: string | undefined }> {
    const response = await this.#http.send({
      method: "POST",
      url: this.#url,
      form: {
        grant_type: "authorization_code",
        code: grant.code,
        redirect_uri: grant.redirectUri,
        client_id: clientId,
        code_verifier: grant.codeVerifier,
      },
    });
    if (response.status !== 200) throw exchangeFailure(response);
    const given = redeemedSchema.safeParse(response.json).data;
    if (given?.refresh_token !== undefined && !(given.id_token && given.access_token)) {
      throw new IncompleteTokens(given.refresh_token);
    }
    const { id_token, access_token, refresh_token } = parse(tokenSetSchema, response, exchangeFailure);
    return {
      idToken: id_token,
      accessToken: access_token,
      refreshToken: refresh_token,
      date: response.headers.date,
    };
  }

  /**
   * Refreshes the tokens (RFC 6749 section 6). The refresh token works once: save what comes back before using it. An
   * ID token or a refresh token that the answer leaves out stays valid; one without an access token is a failure.
   * @throws RefreshRejected when the issuer will not accept the token again, Problem for anything temporary
   */
  async refresh(refreshToken: string, signal?: AbortSignal): Promise<Refreshed> {
    const response = await this.#http.send({
      method: "POST",
      url: this.#url,
      json: { client_id: clientId, grant_type: "refresh_token", refresh_token: refreshToken },
      ...(signal && { signal }),
    });
    if (response.status !== 200) {
      const isForeign = response.status === 401 && !isServiceError(response.json);
      const otherwise = isForeign ? "unreadableAnswer" : "serviceFailed";
      throw rejectionOf(response) ?? failureOf(response, otherwise);
    }
    const { id_token, access_token, refresh_token } = parse(refreshedSchema, response, (error) =>
      failureOf(error, "serviceFailed"),
    );
    const isError = isErrorBody(response.json);
    const failure = isError || !access_token ? failureOf(response, "serviceFailed") : undefined;
    // A portal's JSON, or an error with a status of success. Without a new refresh token, the old one is still good.
    if (failure && !refresh_token) throw failure;
    return {
      tokens: {
        ...(id_token && !isError && { idToken: id_token }),
        ...(access_token && !isError && { accessToken: access_token }),
        ...(refresh_token && { refreshToken: refresh_token }),
      },
      ...(failure && { failure }),
      date: response.headers.date,
    };
  }

  /**
   * Exchanges an id_token for an API key of the account's Platform organization (RFC 8693 in the issuer's dialect).
   * @param name the key's name on the organization's list of keys
   * @throws Problem
   */
  async exchangeForApiKey(idToken: string, name: string, signal?: AbortSignal): Promise<string> {
    const response = await this.#http.send({
      method: "POST",
      url: this.#url,
      form: {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        client_id: clientId,
        requested_token: "openai-api-key",
        subject_token: idToken,
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        name,
      },
      ...(signal && { signal }),
    });
    if (response.status !== 200) throw exchangeFailure(response);
    return parse(apiKeySchema, response, exchangeFailure).access_token;
  }
}

/**
 * Whether a failed refresh is permanent. It is with 400, 401 or 403 and one of the three codes above; with 400 and
 * invalid_grant (RFC 6749 section 5.2); and with any other 401 that the issuer wrote or that names a dead token, unless
 * its code is a temporary one. A gateway's, proxy's or portal's 401 says nothing about the token, and an overloaded or
 * failing service may be wrong about it.
 */
function rejectionOf({ status, json }: HttpResponse): RefreshRejected | undefined {
  const code = errorCode(json);
  const detail = `${status} ${code ?? "without a code"}`;
  const named = code === undefined ? undefined : rejections.get(code);
  if (named && (status === 400 || status === 401 || status === 403)) return new RefreshRejected(named, detail);
  if (isPassing(code)) return undefined;
  const isRefused = status === 401 && (isServiceError(json) || namesDeadToken(json, code));
  const isDead = isRefused || (status === 400 && code === "invalid_grant");
  return isDead ? new RefreshRejected("rejected", detail) : undefined;
}

function namesDeadToken(json: unknown, code: string | undefined): boolean {
  if (code === undefined) return false;
  const hasMessage = typeof asRecord(asRecord(json)?.error)?.message === "string";
  return refusals.has(code) || (ambiguousRefusals.has(code) && hasMessage);
}

/** A gateway's, proxy's or portal's answer is no refusal by the issuer, also with 401, 403 or a status of success. */
function exchangeFailure(response: HttpResponse): Problem {
  const { status, json } = response;
  const code = errorCode(json);
  const isOwn = isServiceError(json) || (code !== undefined && exchangeRefusals.has(code));
  const isForeign = !isOwn && (status < 300 || status === 401 || status === 403);
  return failureOf(response, isForeign ? "unreadableAnswer" : "exchangeRefused");
}

/** @param failure what an error means that comes with a status of success */
function parse<T>(schema: z.ZodMiniType<T>, response: HttpResponse, failure: (response: HttpResponse) => Problem): T {
  const parsed = schema.safeParse(response.json);
  if (parsed.success) return parsed.data;
  if (errorCode(response.json) !== undefined) throw failure(response);
  throw new Problem("unreadableAnswer", `${response.status} with an unexpected body`);
}
