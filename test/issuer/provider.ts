import { randomBytes } from "node:crypto";
import { type Configuration, interactionPolicy, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { authClaim, authClaims, idTokenClaims, profileClaim } from "./accounts.ts";
import { loginPath } from "./interactions.ts";
import { messagePage } from "./pages.ts";
import { type SigningKey, signingAlgorithm } from "./signingKey.ts";
import type { IssuerState } from "./state.ts";
import { apiResource, clientId, tokenExchangeGrant } from "./types.ts";

const scopes = ["openid", "offline_access", "profile", "email", "api.connectors.read", "api.connectors.invoke"];
const month = 30 * 24 * 3600;

/** The ports that OpenAI has registered for its command line client. */
function redirectUris(issuer: string): string[] {
  const loopback = ["localhost", "127.0.0.1"].flatMap((host) =>
    [1455, 1457].map((port) => `http://${host}:${port}/auth/callback`),
  );
  return [...loopback, `${issuer}/deviceauth/callback`];
}

/** oidc-provider, configured to behave as auth.openai.com does towards openai/codex. */
export function createProvider(issuer: string, state: IssuerState, key: SigningKey): Provider {
  const configuration: Configuration = {
    adapter: (name) => state.store.adapter(name),
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: "none",
        // Not "native": such a client may use any loopback port, and here the ports must be exact.
        application_type: "web",
        grant_types: ["authorization_code", "refresh_token", tokenExchangeGrant],
        response_types: ["code"],
        redirect_uris: redirectUris(issuer),
        id_token_signed_response_alg: signingAlgorithm,
      },
    ],
    jwks: { keys: [key.jwk] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    scopes,
    ...claimSettings(state),
    extraParams: ["id_token_add_organizations", "codex_cli_simplified_flow", "originator", "allowed_workspace_id"],
    ...tokenSettings(state),
    interactions: { policy: interactionPolicy.base(), url: (_ctx, interaction) => `${loginPath}${interaction.uid}` },
    loadExistingGrant: (ctx) => grantEverything(ctx),
    pkce: { required: () => true },
    renderError: (ctx, out) => {
      ctx.type = "html";
      ctx.body = messagePage("Something went wrong", `${out.error}: ${out.error_description ?? ""}`);
    },
    routes: {
      authorization: "/oauth/authorize",
      token: "/oauth/token",
      revocation: "/oauth/revoke",
      jwks: "/.well-known/jwks.json",
    },
  };
  const provider = new Provider(issuer, configuration);
  // The handler in issuer.ts sets X-Forwarded-*, so that addresses are those of `publicOrigin`.
  provider.proxy = true;
  // The real service's refresh tokens begin with `rt.`.
  Object.assign(provider.RefreshToken.prototype, {
    generateTokenId: () => `rt.${randomBytes(66).toString("base64url")}`,
  });
  return provider;
}

/** The claims of a token, see accounts.ts. */
function claimSettings(state: IssuerState): Configuration {
  return {
    claims: {
      openid: ["sub", authClaim, profileClaim],
      email: ["email", "email_verified"],
      profile: ["name"],
    },
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => {
      const account = state.accounts.get(sub);
      return account && { accountId: sub, claims: () => ({ sub, ...idTokenClaims(account) }) };
    },
    extraTokenClaims: (_ctx, token) => {
      const account = "accountId" in token ? state.accounts.get(String(token.accountId)) : undefined;
      if (account === undefined) return undefined;
      return {
        [authClaim]: authClaims(account),
        [profileClaim]: { email: account.email, email_verified: true },
        scp: token.scope?.split(" ") ?? [],
        session_id: `authsess_${"grantId" in token ? token.grantId : ""}`,
      };
    },
  };
}

/** The form and lifetime of tokens, and how they end. */
function tokenSettings(state: IssuerState): Configuration {
  return {
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => apiResource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: scopes.join(" "),
          audience: apiResource,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: signingAlgorithm } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt: (_ctx, _token, jwt) => {
          const { iat, exp } = jwt.payload;
          jwt.payload.iat = Number(iat) + state.clockSkew;
          jwt.payload.exp = Number(exp) + state.clockSkew;
        },
      },
    },
    issueRefreshToken: (_ctx, _client, source) => source.scopes.has("offline_access"),
    expiresWithSession: () => false,
    rotateRefreshToken: () => !state.omitted.has("refresh_token"),
    ttl: {
      AccessToken: () => state.accessTokenLifetime,
      AuthorizationCode: 60,
      Grant: 3 * month,
      IdToken: () => state.idTokenLifetime,
      Interaction: 3600,
      RefreshToken: month,
      Session: month,
    },
  };
}

/** Creates a grant for every sign-in, of all that was asked, so that revoking one leaves the others. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, account, params, result, provider } = ctx.oidc;
  if (client === undefined || account === undefined || result?.consent === undefined) return undefined;
  const asked = String(params?.scope ?? "");
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(asked);
  grant.addResourceScope(apiResource, asked);
  await grant.save();
  return grant;
}
