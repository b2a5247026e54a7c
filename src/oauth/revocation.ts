import type { HttpClient } from "../platform/httpClient.ts";
import { clientId } from "./issuer.ts";
import { failureOf, isErrorBody, isPage } from "./oauthError.ts";

const timeoutMs = 10_000;

/**
 * Tells the issuer to end a login (RFC 7009, in JSON as the issuer takes it; protocol.md section 6). Give the refresh
 * token: with it goes the whole grant.
 * @throws Problem
 */
export async function revoke(http: HttpClient, issuer: string, refreshToken: string): Promise<void> {
  const response = await http.send({
    method: "POST",
    url: `${issuer}/oauth/revoke`,
    json: { token: refreshToken, token_type_hint: "refresh_token", client_id: clientId },
    timeoutMs,
  });
  // RFC 7009 gives the body of a success no meaning, but a page is a network's portal's, which has ended nothing, and an
  // error says so itself.
  const ended = response.status === 200 && !isPage(response) && !isErrorBody(response.json);
  if (!ended) throw failureOf(response, "serviceFailed");
}
