import { createHash, randomBytes } from "node:crypto";
import { clientId } from "./types.ts";

export interface LoginOptions {
  /** Presses Cancel instead. */
  cancel?: boolean;
  /** The chatgpt_account_id to choose where one email opens several workspaces. */
  workspace?: string;
}

/** A browser's cookies; one jar is one browser profile. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** Fetches without following redirects. */
  async fetch(url: string | URL, init: { method?: string; body?: URLSearchParams } = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie, accept: "text/html" } });
    for (const header of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}

/**
 * Signs in as a person would in a browser and returns the redirect URL, which is not requested.
 * @throws with the text of the page when the issuer shows an error or refuses the password
 */
export async function loginByHttp(
  authorizeUrl: string,
  email: string,
  password: string,
  options: LoginOptions = {},
  jar: CookieJar = new CookieJar(),
): Promise<string> {
  const action = options.cancel === true ? "cancel" : "login";
  const form = new URLSearchParams({ action, email, password });
  if (options.workspace !== undefined) form.set("workspace", options.workspace);
  let url = new URL(authorizeUrl);
  // A one-time address of the extension may come before the issuer's, which names the redirect.
  let redirectUri = "";
  let response = await jar.fetch(url);
  for (let step = 0; step < 11; step += 1) {
    redirectUri ||= url.searchParams.get("redirect_uri") ?? "";
    const location = response.headers.get("location");
    if (location === null) {
      response = await jar.fetch(url, { method: "POST", body: await filledIn(response, form) });
      continue;
    }
    url = new URL(location, url);
    if (redirectUri !== "" && url.href.startsWith(redirectUri)) return url.href;
    response = await jar.fetch(url);
  }
  throw new Error("the issuer kept redirecting");
}

/** What a person submits on a page of the issuer: `login`, or consent where they have signed in before. */
async function filledIn(response: Response, login: URLSearchParams): Promise<URLSearchParams> {
  const page = await response.text();
  const refused = /<p role="alert">(.*?)<\/p>/.exec(page)?.[1];
  if (!response.ok || refused !== undefined || !page.includes('<form method="post"')) {
    throw new Error(`the issuer answered ${response.status}: ${refused ?? textOf(page)}`);
  }
  const isKnown = page.includes('value="consent"') && login.get("action") === "login";
  return isKnown ? new URLSearchParams({ action: "consent" }) : login;
}

/**
 * Enters a user code on the page for devices and signs in there.
 * @throws when the page refuses the code, and like `loginByHttp`
 */
export async function approveDeviceByHttp(
  issuer: string,
  userCode: string,
  email: string,
  password: string,
  options: LoginOptions = {},
): Promise<void> {
  const jar = new CookieJar();
  const body = new URLSearchParams({ user_code: userCode });
  const response = await jar.fetch(new URL("/codex/device", issuer), { method: "POST", body });
  const authorizeUrl = response.headers.get("location");
  if (authorizeUrl === null) throw new Error(`the issuer refused the code: ${textOf(await response.text())}`);
  await jar.fetch(await loginByHttp(authorizeUrl, email, password, options, jar));
}

function textOf(page: string): string {
  return page
    .replaceAll(/<style>.*?<\/style>|<[^>]+>/gs, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

export interface AuthorizationRequest {
  url: string;
  verifier: string;
  state: string;
  redirectUri: string;
}

/** An authorization request as the extension makes it; `changes` overrides parameters, null removes one. */
export function authorizationRequest(
  issuer: string,
  changes: Record<string, string | null> = {},
): AuthorizationRequest {
  const verifier = randomBytes(64).toString("base64url");
  const state = randomBytes(32).toString("base64url");
  const url = new URL("/oauth/authorize", issuer);
  const params: Record<string, string | null> = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: "http://localhost:1455/auth/callback",
    scope: "openid profile email offline_access",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    state,
    originator: "test",
    ...changes,
  };
  for (const [name, value] of Object.entries(params)) if (value !== null) url.searchParams.set(name, value);
  return { url: url.href, verifier, state, redirectUri: params.redirect_uri ?? "" };
}

export interface IssuedTokens {
  access_token: string;
  refresh_token: string;
  id_token: string;
}

/** Signs an account in without the extension: for tests that begin with tokens. */
export async function signInByHttp(issuer: string, email: string, password = "password"): Promise<IssuedTokens> {
  const request = authorizationRequest(issuer);
  const redirect = new URL(await loginByHttp(request.url, email, password));
  const response = await fetch(new URL("/oauth/token", issuer), {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: clientId,
      code: redirect.searchParams.get("code") ?? "",
      redirect_uri: request.redirectUri,
      code_verifier: request.verifier,
    }),
  });
  if (!response.ok) throw new Error(`the token endpoint answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as IssuedTokens;
}
