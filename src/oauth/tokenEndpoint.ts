import * as z from "zod/mini";
import type { HttpClient, HttpResponse } from "../platform/httpClient.ts";
import { Problem } from "../platform/problem.ts";
import { clientId } from "./issuer.ts";
import { errorCode, failureOf } from "./oauthError.ts";

const token = z.string().check(z.minLength(1), z.maxLength(64 * 1024));

const tokenSetSchema = z.object({ id_token: token, access_token: token, refresh_token: token });
const refreshedSchema = z.object({
  id_token: z.nullish(token),
  access_token: z.nullish(token),
  refresh_token: z.nullish(token),
});
const apiKeySchema = z.object({ access_token: token });

export interface TokenSet {
  idToken: string;
  accessToken: string;
  refreshToken: string;
}

export interface Refreshed {
  tokens: Partial<TokenSet>;
  /** The answer's Date header. */
  date: string | undefined;
}

/** Why the issuer will never accept a refresh token again. */
export type RefreshRejection = "expired" | "reused" | "revoked" | "rejected";

/** The refresh token is spent or dead: only signing in anew helps. */
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

const rejections: Readonly<Record<string, RefreshRejection>> = {
  refresh_token_expired: "expired",
  refresh_token_reused: "reused",
  refresh_token_invalidated: "revoked",
};

/** The issuer's token endpoint (protocol.md sections 3 and 4). */
export class TokenEndpoint {
  readonly #http: HttpClient;
  readonly #url: string;

  constructor(http: HttpClient, issuer: string) {
    this.#http = http;
    this.#url = `${issuer}/oauth/token`;
  }

  /**
   * Trades an authorization code for tokens (RFC 6749 section 4.1.3). A code works once, so this is never repeated.
   * @throws Problem
   */
  async exchangeCode(
    grant: { code: string; codeVerifier: string; redirectUri: string },
    signal?: AbortSignal,
  ): Promise<TokenSet & { date: string | undefined }> {
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
      ...(signal && { signal }),
    });
    if (response.status !== 200) throw failureOf(response, "exchangeRefused");
    const { id_token, access_token, refresh_token } = parse(tokenSetSchema, response);
    return {
      idToken: id_token,
      accessToken: access_token,
      refreshToken: refresh_token,
      date: response.headers.date,
    };
  }

  /**
   * Spends a refresh token. Whatever comes back must be saved before it is used. What the answer leaves out stays valid.
   * @throws RefreshRejected when the token is dead, Problem for anything that may pass
   */
  async refresh(refreshToken: string, signal?: AbortSignal): Promise<Refreshed> {
    const response = await this.#http.send({
      method: "POST",
      url: this.#url,
      json: { client_id: clientId, grant_type: "refresh_token", refresh_token: refreshToken },
      ...(signal && { signal }),
    });
    if (response.status !== 200) throw rejectionOf(response) ?? failureOf(response, "serviceFailed");
    const { id_token, access_token, refresh_token } = parse(refreshedSchema, response);
    return {
      tokens: {
        ...(id_token && { idToken: id_token }),
        ...(access_token && { accessToken: access_token }),
        ...(refresh_token && { refreshToken: refresh_token }),
      },
      date: response.headers.date,
    };
  }

  /**
   * Trades an id_token for an API key of the account's Platform organization (RFC 8693 in the issuer's dialect).
   * @param name what the key is called on the organization's list of keys
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
    if (response.status !== 200) throw failureOf(response, "exchangeRefused");
    return parse(apiKeySchema, response).access_token;
  }
}

/** Permanent by protocol.md section 4: any 401 with an answer, one of the three codes, or 400 with invalid_grant. */
function rejectionOf(response: HttpResponse): RefreshRejected | undefined {
  const code = errorCode(response.json);
  const detail = `${response.status} ${code ?? "without a code"}`;
  const named = code === undefined ? undefined : rejections[code];
  if (named) return new RefreshRejected(named, detail);
  // A 401 that is not JSON comes from a proxy or a portal, not from the issuer.
  const permanent =
    (response.status === 401 && response.json !== undefined) || (response.status === 400 && code === "invalid_grant");
  return permanent ? new RefreshRejected("rejected", detail) : undefined;
}

function parse<T>(schema: z.ZodMiniType<T>, response: HttpResponse): T {
  const parsed = schema.safeParse(response.json);
  if (!parsed.success) throw new Problem("unreadableAnswer", `${response.status} with an unexpected body`);
  return parsed.data;
}
