import type { HttpClient } from "../platform/httpClient.ts";
import { clientId } from "./issuer.ts";
import { failureOf, isErrorBody, isPage } from "./oauthError.ts";

const timeoutMs = 10_000;

/**
 * Revokes a refresh token and with it the whole grant (RFC 7009, in JSON as openai/codex sends it).
 * @throws Problem
 */
export async function revoke(http: HttpClient, issuer: string, refreshToken: string): Promise<void> {
  const response = await http.send({
    method: "POST",
    url: `${issuer}/oauth/revoke`,
    json: { token: refreshToken, token_type_hint: "refresh_token", client_id: clientId },
    timeoutMs,
  });
  // RFC 7009 section 2.2 gives the body of a success no meaning. But a page comes from a captive portal, which has
  // revoked nothing, and an error is an error.
  const isRevoked = response.status === 200 && !isPage(response) && !isErrorBody(response.json);
  if (!isRevoked) throw failureOf(response, "serviceFailed");
}
