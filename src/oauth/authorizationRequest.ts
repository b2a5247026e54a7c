import { clientId, issuerUrl, originator, scope } from "./issuer.ts";

export interface AuthorizationRequest {
  issuer: string;
  redirectUri: string;
  codeChallenge: string;
  state: string;
  /** Ids of the only ChatGPT workspaces to sign in to; all when empty. */
  allowedWorkspaces?: readonly string[];
  /** The sign-in page asks who it is, even when the browser is signed in already (OpenID Connect Core 3.1.2.1). */
  chooseAccount?: boolean;
}

/** An authorization code, with all that is needed to redeem it (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export interface AuthorizationGrant {
  code: string;
  codeVerifier: string;
  redirectUri: string;
}

/** An id that survives every re-encoding of the URL; the issuer's are UUIDs. */
const plainId = /^[\w.-]{1,128}$/;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The URL a browser opens to sign in (RFC 6749 section 4.1.1 and parameters of the issuer that the Codex CLI sends, too).
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
  const workspaces = request.allowedWorkspaces?.filter((id) => plainId.test(id)) ?? [];
  // UUIDs are written in small letters (RFC 9562 section 4), and a person may have copied one in capitals.
  const ids = new Set(workspaces.map((id) => (uuid.test(id) ? id.toLowerCase() : id)));
  if (ids.size > 0) query.set("allowed_workspace_id", [...ids].join(","));
  if (request.chooseAccount) query.set("prompt", "login");
  return `${issuerUrl(request.issuer, "/oauth/authorize")}?${query}`;
}
