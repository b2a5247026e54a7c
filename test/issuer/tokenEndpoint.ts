import type { KoaContextWithOIDC, Provider } from "oidc-provider";
import { authClaim } from "./accounts.ts";
import { type Call, type OpenAiError, openAiError } from "./http.ts";
import type { SigningKey } from "./signingKey.ts";
import type { IssuerState } from "./state.ts";
import { idTokenType, type RefreshOutcome, tokenExchangeGrant } from "./types.ts";

const refreshMessages = {
  refresh_token_reused:
    "Your refresh token has already been used to generate a new access token. Please try signing in again.",
  refresh_token_expired: "Your refresh token has expired. Please try signing in again.",
  refresh_token_invalidated: "Your session has ended. Please log in again.",
  invalid_refresh_token: "Could not validate your refresh token. Please try signing in again.",
};

type RefreshError = keyof typeof refreshMessages;

/** Records the calls of oidc-provider's token endpoint, and answers refusals with the real service's codes. */
export function watchTokenEndpoint(provider: Provider, state: IssuerState, key: SigningKey, issuer: string): void {
  const reasons = new WeakMap<object, string>();

  provider.on("grant.error", (ctx, error) => {
    reasons.set(ctx.req, error.error_detail ?? error.error_description ?? error.error);
    if (ctx.oidc.params?.grant_type !== "refresh_token" || error.error !== "invalid_grant") return;
    const code = refreshError(String(ctx.oidc.params.refresh_token), error.error_detail, state);
    reasons.set(ctx.req, code);
    ctx.status = 401;
    ctx.body = openAiError(code, refreshMessages[code]);
  });
  provider.on("refresh_token.saved", (token) => {
    state.remember("refresh_token", token.jti);
    const { jti, accountId = "", grantId = "" } = token;
    if (!state.refreshTokens.has(jti)) state.refreshTokens.set(jti, { account: accountId, grantId, state: "live" });
  });
  provider.on("refresh_token.consumed", (token) => {
    const issued = state.refreshTokens.get(token.jti);
    if (issued !== undefined) issued.state = "used";
  });
  provider.on("authorization_code.saved", (code) => state.remember("authorization_code", code.jti));
  provider.on("grant.revoked", (_ctx, grantId) => state.grantRevoked(grantId));

  provider.use(async (ctx, next) => {
    await next();
    const oidc: KoaContextWithOIDC["oidc"] | undefined = ctx.oidc;
    if (oidc?.route === "token") await afterGrant(ctx as KoaContextWithOIDC, reasons.get(ctx.req), state, key);
  });

  provider.registerGrantType<{ subject_token?: string; subject_token_type?: string; requested_token?: string }>(
    tokenExchangeGrant,
    async (ctx) => {
      const { subject_token: subject = "", subject_token_type: type, requested_token: requested } = ctx.oidc.params;
      if (type !== idTokenType || requested !== "openai-api-key") {
        ctx.status = 400;
        ctx.body = openAiError("invalid_request", "Only an id_token can be exchanged, for openai-api-key.");
        return;
      }
      const audience = ctx.oidc.client.clientId;
      const checked = await checkSubject(subject, { issuer, audience }, state, key);
      if ("error" in checked) {
        ctx.status = 401;
        ctx.body = checked;
        return;
      }
      ctx.body = { access_token: state.issueDerivedKey(checked.sub) };
    },
    ["subject_token", "subject_token_type", "requested_token", "name"],
  );
}

/** Why a refresh token is rejected, as the real service says it. A second use is recorded. */
function refreshError(token: string, detail: string | undefined, state: IssuerState): RefreshError {
  const issued = state.refreshTokens.get(token);
  if (issued === undefined) return "invalid_refresh_token";
  if (detail === "refresh token is expired") return "refresh_token_expired";
  if (issued.state === "used") {
    state.record({ type: "reuseDetected", account: issued.account });
    return "refresh_token_reused";
  }
  return issued.state === "expired" ? "refresh_token_expired" : "refresh_token_invalidated";
}

async function checkSubject(
  idToken: string,
  expected: { issuer: string; audience: string },
  state: IssuerState,
  key: SigningKey,
): Promise<OpenAiError | { sub: string }> {
  try {
    const { sub = "", ...claims } = await key.verify(idToken, { ...expected, now: state.now() });
    const auth = claims[authClaim];
    if (typeof auth === "object" && auth !== null && "organization_id" in auth) return { sub };
    return openAiError("invalid_subject_token", "Invalid ID token: missing organization_id");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return openAiError("invalid_subject_token", `Invalid ID token: ${reason}`);
  }
}

/** Records a call of the token endpoint, and moves an issued id_token to the issuer's clock. */
async function afterGrant(
  ctx: KoaContextWithOIDC,
  reason: string | undefined,
  state: IssuerState,
  key: SigningKey,
): Promise<void> {
  const body = (ctx.body ?? {}) as Record<string, unknown>;
  const grant = ctx.oidc.params?.grant_type;
  if (grant === tokenExchangeGrant) return recordTokenExchange(ctx, body, reason, state);
  if (ctx.status === 200) await rememberTokens(ctx, body, state, key);
  if (grant === "authorization_code") recordCodeExchange(ctx, reason, state);
  else if (grant === "refresh_token") recordRefresh(ctx, body, reason, state);
}

function recordTokenExchange(
  ctx: KoaContextWithOIDC,
  body: Record<string, unknown>,
  reason: string | undefined,
  state: IssuerState,
): void {
  const { error } = body as Partial<OpenAiError>;
  const { name } = ctx.oidc.params ?? {};
  const derived = state.derivedKeys.get(String(body.access_token));
  state.record({
    type: "tokenExchange",
    ...seenOf(ctx),
    name: typeof name === "string" ? name : undefined,
    account: derived?.account,
    outcome: derived === undefined ? (error?.code ?? reason ?? "refused") : "issued",
  });
}

async function rememberTokens(
  ctx: KoaContextWithOIDC,
  body: Record<string, unknown>,
  state: IssuerState,
  key: SigningKey,
): Promise<void> {
  if (state.clockSkew !== 0 && typeof body.id_token === "string") {
    body.id_token = await key.shiftClock(body.id_token, state.clockSkew);
  }
  state.remember("access_token", body.access_token);
  state.remember("id_token", body.id_token);
  const { Account: account, AccessToken: token } = ctx.oidc.entities;
  const issued = { account: account?.accountId ?? "", grantId: token?.grantId ?? "", revoked: false };
  state.accessTokens.set(String(body.access_token), issued);
}

function recordCodeExchange(ctx: KoaContextWithOIDC, reason: string | undefined, state: IssuerState): void {
  const { entities, params = {} } = ctx.oidc;
  state.record({
    type: "codeExchange",
    ...seenOf(ctx),
    pkce: ctx.status === 200 && entities.AuthorizationCode?.codeChallengeMethod === "S256",
    redirectUri: String(params.redirect_uri ?? ""),
    account: entities.Account?.accountId,
    outcome: ctx.status === 200 ? "issued" : (reason ?? "rejected"),
  });
}

function recordRefresh(
  ctx: KoaContextWithOIDC,
  body: Record<string, unknown>,
  reason: string | undefined,
  state: IssuerState,
): void {
  const { entities, params = {} } = ctx.oidc;
  const account = entities.Account?.accountId ?? state.refreshTokens.get(String(params.refresh_token))?.account;
  state.record({ type: "refresh", ...seenOf(ctx), account, outcome: refreshOutcome(ctx, reason) });
  for (const field of state.omitted) delete body[field];
}

function refreshOutcome(ctx: KoaContextWithOIDC, reason: string | undefined): RefreshOutcome {
  if (ctx.status === 200) return ctx.oidc.entities.RotatedRefreshToken === undefined ? "refreshed" : "rotated";
  return reason !== undefined && reason in refreshMessages ? (reason as RefreshError) : "rejected";
}

/** The original headers: the body was turned into a form on the way here. */
function seenOf(ctx: KoaContextWithOIDC): Call["seen"] {
  return {
    contentType: ctx.get("x-original-content-type"),
    userAgent: ctx.get("user-agent"),
    originator: ctx.get("originator"),
  };
}
