/** Facts of the issuer that this client is registered with (protocol.md, sections 1 to 6). */

export const defaultIssuer = "https://auth.openai.com";

/** The public client of the Codex CLI; there is no registration for others. */
export const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** Our own name towards the service, on the authorization request and on every call. */
export const originator = "chatgpt_sign_in";

/** The scopes this client needs; the CLI's `api.connectors.*` are of no use here. */
export const scope = "openid profile email offline_access";

/** The ports whose `http://localhost:PORT/auth/callback` the issuer accepts as redirect URI, in order of preference. */
export const redirectPorts: readonly number[] = [1455, 1457];

export const callbackPath = "/auth/callback";

export function redirectUri(port: number): string {
  return `http://localhost:${port}${callbackPath}`;
}

/** Where a person sets up the API organization that belongs to their account. */
export function platformUrl(issuer: string): string {
  return new URL(issuer).hostname === "auth.api.openai.org"
    ? "https://platform.api.openai.org/"
    : "https://platform.openai.com/";
}
