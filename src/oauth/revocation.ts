import type { HttpClient, HttpResponse } from "../platform/httpClient.ts";
import { asRecord } from "../platform/untrusted.ts";
import { clientId, issuerUrl } from "./issuer.ts";
import { errorCode, failureOf, isErrorBody, isPage, isPassing, isServiceError } from "./oauthError.ts";

const timeoutMs = 10_000;

/** The issuer will not revoke this token, now or later. */
export class RevocationRefused extends Error {
  override readonly name = "RevocationRefused";
  /** The issuer said that the token works no more. */
  readonly isOver: boolean;
  readonly detail: string;

  constructor(isOver: boolean, detail: string) {
    super("The token was not revoked.");
    this.isOver = isOver;
    this.detail = detail;
  }
}

/** A refusal with one of these codes says that the token is worth nothing any more. */
const deadCodes: ReadonlySet<string> = new Set([
  "invalid_token",
  "invalid_grant",
  "invalid_refresh_token",
  "refresh_token_expired",
  "refresh_token_reused",
  "refresh_token_invalidated",
  "token_expired",
  "token_invalidated",
  "token_revoked",
]);

/** Codes of RFC 7009 section 2.2.1 and RFC 6749 section 5.2 that would be the answer to any other try as well. */
const finalCodes: ReadonlySet<string> = new Set(["invalid_request", "unsupported_token_type"]);

/**
 * Revokes a refresh token and with it the whole grant (RFC 7009, in JSON as openai/codex sends it).
 * @throws RevocationRefused when no other try can succeed, Problem for what may pass
 */
export async function revoke(http: HttpClient, issuer: string, refreshToken: string): Promise<void> {
  const response = await http.send({
    method: "POST",
    url: issuerUrl(issuer, "/oauth/revoke"),
    json: { token: refreshToken, token_type_hint: "refresh_token", client_id: clientId },
    timeoutMs,
  });
  // RFC 7009 section 2.2 gives the body of a success no meaning. But a page or a portal's JSON comes from something in
  // between, which has revoked nothing, and an error is an error.
  const { status, json } = response;
  if (status === 200 && !isPage(response) && !isErrorBody(json) && !isPortals(response)) return;
  throw refusalOf(response) ?? failureOf(response, "serviceFailed");
}

/** A gateway's or proxy's refusal is none of the issuer's: only a shape that the issuer writes counts. */
function refusalOf({ status, json }: HttpResponse): RevocationRefused | undefined {
  const code = errorCode(json);
  if (isPassing(code)) return undefined;
  const isOwn = isServiceError(json);
  const isDead = code !== undefined && deadCodes.has(code);
  const isFinal = isDead || isOwn || (code !== undefined && finalCodes.has(code));
  const isRefused = (status === 400 && isFinal) || (status === 401 && isOwn) || (status === 403 && isOwn && isDead);
  return isRefused ? new RevocationRefused(isDead, `${status} ${code ?? "without a code"}`) : undefined;
}

/** Whether a captive portal wrote an answer: it sends people elsewhere (RFC 8908, and what portals make up). */
function isPortals({ headers, json }: HttpResponse): boolean {
  if (/captive/i.test(headers["content-type"] ?? "")) return true;
  return Object.entries(asRecord(json) ?? {}).some(
    ([key, value]) =>
      /captive|portal|log-?_?in|redirect/i.test(key) || (typeof value === "string" && /^https?:/i.test(value)),
  );
}
