/** Canary parts: none of them may turn up anywhere but in the fields that are meant for tokens and keys. */
export const canary = {
  refresh: "rt.canaryRefresh0123456789abcdef",
  key: "sk-proj-canaryKey0123456789abcdefgh1234",
  signature: "canarySignature",
} as const;

const authClaim = "https://api.openai.com/auth";

export function jwt(payload: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode({ alg: "RS256" })}.${encode(payload)}.${canary.signature}`;
}

export const idClaims = {
  email: "ada@example.com",
  exp: 1_800_000_000,
  [authClaim]: { chatgpt_plan_type: "plus", chatgpt_user_id: "user-1", chatgpt_account_id: "acc-claim" },
};
export const accessExpiresAt = 1_790_000_000_000;

export const tokens = {
  id_token: jwt(idClaims),
  access_token: jwt({ exp: accessExpiresAt / 1000, [authClaim]: { chatgpt_account_id: "acc-access" } }),
  refresh_token: canary.refresh,
  account_id: "acc-file",
};
export const lastRefresh = "2026-11-20T20:41:36.232376Z";

/** As Codex CLI 0.169 writes it. */
export const current = {
  auth_mode: "chatgpt",
  OPENAI_API_KEY: canary.key,
  tokens: {
    ...tokens,
    oauth_provenance: { issuer: "https://auth.openai.com", client_id: "app_EMoamEEZ73f0CkXaXp7hrann" },
    login_owner_id: "o".repeat(43),
  },
  last_refresh: lastRefresh,
};

export function without<T extends object>(value: T, ...keys: (keyof T)[]): Partial<T> {
  const copy = { ...value };
  for (const key of keys) delete copy[key];
  return copy;
}
