import { withoutTrailingSlashes } from "../platform/endpoint.ts";

// What the issuer knows this client by; the values are those of openai/codex, except for our own name.

export const defaultIssuer = "https://auth.openai.com";

/** The public client id of the Codex CLI. OpenAI registers no other clients. */
export const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";

/** Our own name, on the authorization request and on every call. */
export const originator = "chatgpt_sign_in";

/** The scopes that this client needs. The CLI also asks for `api.connectors.*`. */
export const scope = "openid profile email offline_access";

/** The ports whose `http://localhost:PORT/auth/callback` the issuer accepts as redirect URI, in order of preference. */
export const redirectPorts: readonly number[] = [1455, 1457];

export const callbackPath = "/auth/callback";

export function redirectUri(port: number): string {
  return `http://localhost:${port}${callbackPath}`;
}

/** An address of an issuer, whose identifier may end in a slash (as RFC 8414 section 3.1 has it). @param path begins with one */
export function issuerUrl(issuer: string, path: string): string {
  return `${withoutTrailingSlashes(issuer)}${path}`;
}

/** The page where a person sets up the Platform organization of their account. */
export function platformUrl(issuer: string): string {
  return new URL(issuer).hostname === "auth.api.openai.org"
    ? "https://platform.api.openai.org/"
    : "https://platform.openai.com/";
}
