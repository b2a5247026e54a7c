import { clientId, originator, scope } from "./issuer.ts";

export interface AuthorizationRequest {
  issuer: string;
  redirectUri: string;
  codeChallenge: string;
  state: string;
}

/**
 * The URL a browser opens to sign in (RFC 6749 section 4.1.1 and the issuer's own parameters, protocol.md section 1).
 * No value in it holds `&`, `#`, `%` or `+`: VS Code decodes and re-encodes the query on its way to the browser.
 */
export function authorizationUrl(request: AuthorizationRequest): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: request.redirectUri,
    scope,
    code_challenge: request.codeChallenge,
    code_challenge_method: "S256",
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    state: request.state,
    originator,
  });
  return `${request.issuer}/oauth/authorize?${query}`;
}
