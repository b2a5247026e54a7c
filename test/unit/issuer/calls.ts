import { type AuthorizationRequest, loginByHttp } from "../../issuer/login.ts";
import { clientId, idTokenType, tokenExchangeGrant } from "../../issuer/types.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into by the tests
  body: any;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const type = response.headers.get("content-type");
  const isJson = type === null ? /^\s*\{/.test(text) : type.startsWith("application/json") && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(await fetch(url, { headers, redirect: "manual" }));
}

export async function postForm(url: string, form: Record<string, string>): Promise<Answer> {
  return answerOf(await fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" }));
}

export async function postJson(url: string, body: unknown): Promise<Answer> {
  const headers = { "content-type": "application/json", originator: "test_originator" };
  return answerOf(await fetch(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "manual" }));
}

export function redeemCode(origin: string, code: string, request: AuthorizationRequest, verifier = request.verifier) {
  return postForm(`${origin}/oauth/token`, {
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    redirect_uri: request.redirectUri,
    code_verifier: verifier,
  });
}

export async function logIn(request: AuthorizationRequest, email = "plus@example.com"): Promise<URLSearchParams> {
  return new URL(await loginByHttp(request.url, email, "password")).searchParams;
}

export function refresh(origin: string, refreshToken: string): Promise<Answer> {
  return postJson(`${origin}/oauth/token`, {
    client_id: clientId,
    grant_type: "refresh_token",
    refresh_token: refreshToken,
  });
}

export function exchangeForKey(origin: string, idToken: string): Promise<Answer> {
  return postForm(`${origin}/oauth/token`, {
    grant_type: tokenExchangeGrant,
    client_id: clientId,
    requested_token: "openai-api-key",
    subject_token: idToken,
    subject_token_type: idTokenType,
    name: "a name",
  });
}
