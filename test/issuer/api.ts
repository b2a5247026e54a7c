import type { Provider } from "oidc-provider";
import { asFormRequest, type Call, openAiError, sendJson } from "./http.ts";
import type { SigningKey } from "./signingKey.ts";
import type { IssuerState } from "./state.ts";
import { clientId, type RecordOf } from "./types.ts";

const models = ["gpt-5.6-sol", "gpt-5.5", "gpt-5.2"].map((id) => ({
  id,
  object: "model",
  created: 1_780_000_000,
  owned_by: "system",
}));

/** `POST /oauth/revoke`: oidc-provider revokes refresh tokens; it takes no JWTs, so access tokens end here. */
export async function revoke(call: Call, provider: Provider, state: IssuerState): Promise<void> {
  const { token = "", token_type_hint: hint, client_id: client } = call.params;
  const access = state.accessTokens.get(token);
  const refresh = state.refreshTokens.get(token);
  state.record({
    type: "revoke",
    ...call.seen,
    hint,
    clientIdSent: client !== undefined,
    token: access !== undefined ? "access_token" : refresh !== undefined ? "refresh_token" : "unknown",
    found: access !== undefined ? !access.revoked : state.store.model("RefreshToken").has(token),
    account: (access ?? refresh)?.account,
  });
  if (access === undefined) return provider.callback()(asFormRequest(call), call.res);
  access.revoked = true;
  call.res.setHeader("content-length", "0");
  call.res.end();
}

function credentialKind(key: string, state: IssuerState): RecordOf<"models">["credential"] {
  if (key === "") return "none";
  if (state.ownKeys.has(key)) return "own key";
  const derived = state.derivedKeys.get(key);
  if (derived === undefined) return "unknown";
  return derived.revoked ? "revoked key" : "derived key";
}

/** `GET /v1/models`: whether a key works. */
export function listModels(call: Call, state: IssuerState): void {
  const key = /^Bearer (.+)$/.exec(call.req.headers.authorization ?? "")?.[1] ?? "";
  state.remember("api_key", key);
  const credential = credentialKind(key, state);
  state.record({ type: "models", ...call.seen, credential });
  if (credential === "own key" || credential === "derived key") {
    sendJson(call.res, 200, { object: "list", data: models });
    return;
  }
  // The real service quotes part of the key.
  const message =
    credential === "none"
      ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
      : `Incorrect API key provided: ${key.slice(0, 8)}***${key.slice(-4)}. You can find your API key at https://platform.openai.com/account/api-keys.`;
  sendJson(call.res, 401, openAiError(credential === "none" ? null : "invalid_api_key", message));
}

/** `POST /v1/billing/redeem_credits`: 5 dollars once an account, then 0. */
export class CreditCounter {
  readonly #redeemed = new Set<string>();

  async redeem(call: Call, issuer: string, state: IssuerState, key: SigningKey): Promise<void> {
    const idToken = call.params.id_token ?? "";
    const claims = await key.verify(idToken, { issuer, audience: clientId, now: state.now() }).catch(() => undefined);
    const account = claims?.sub;
    if (account === undefined) {
      state.record({ type: "redeemCredits", ...call.seen, account: undefined, granted: 0, outcome: "refused" });
      sendJson(call.res, 401, openAiError("invalid_id_token", "The ID token is invalid or has expired."));
      return;
    }
    const granted = this.#redeemed.has(account) ? 0 : 5;
    this.#redeemed.add(account);
    state.record({ type: "redeemCredits", ...call.seen, account, granted, outcome: "granted" });
    sendJson(call.res, 200, { granted_chatgpt_subscriber_api_credits: granted });
  }
}
