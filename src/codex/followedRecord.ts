import { accountIdOf, claimsOf, type LinkedCredential, type LoginTokens } from "../account/credential.ts";
import { clockOffsetOfLogin } from "../oauth/clockOffset.ts";
import { type AuthFile, parseAuthFile } from "./authFile/parse.ts";
import type { AuthFileRead } from "./authFile/read.ts";
import { accountOf, keyringTokens, linkedTokens } from "./login.ts";

/** The record of a linked account after its file has been read; the same object where nothing changes. */
export function afterReading(credential: LinkedCredential, read: AuthFileRead, now: number): LinkedCredential {
  const result = read.status === "read" ? parseAuthFile(read.text) : undefined;
  const file = result?.ok ? result.file : undefined;
  const account = file && accountOf(file, credential.issuer);
  if (file?.tokens && account === credential.id) return withFile(credential, file, now);
  // Tokens that name nobody do not say that somebody else has signed in.
  if (file?.tokens && account === undefined) return credential;
  const isSignedOut = read.status === "missing" || (result && !result.ok && result.problem.reason === "noCredential");
  // A file that cannot be read or understood says nothing: the access token is used as long as it lasts.
  if (!isSignedOut && !file) return credential;
  // The Codex CLI has signed out, or in as somebody else, whom the person has not agreed to be here.
  return credential.rejected ? credential : { ...credential, rejected: "revoked" };
}

/**
 * The record of a linked account whose login the Codex CLI has moved from its file into the keyring; undefined when the
 * keyring has another account's login.
 */
export function afterMove(
  credential: LinkedCredential,
  accessToken: string,
  now: number,
): LinkedCredential | undefined {
  const tokens = keyringTokens(accessToken);
  if (accountIdOf(credential.issuer, claimsOf(tokens)) !== credential.id) return undefined;
  const { rejected: _rejected, link, ...kept } = credential;
  const isNew = accessToken !== credential.tokens.accessToken;
  return {
    ...kept,
    link: { codexHome: link.codexHome, store: "keyring", refreshHere: false },
    ...(isNew && { tokens, ...receivedNow(kept, tokens, now) }),
  };
}

function withFile(credential: LinkedCredential, file: AuthFile, now: number): LinkedCredential {
  if (!file.tokens) return credential;
  const tokens = linkedTokens(file.tokens);
  const isSameToken = tokens.accessToken === credential.tokens.accessToken;
  // With any other reason, the issuer has rejected this very token.
  if (isSameToken && credential.rejected !== "revoked") return credential;
  const { rejected: _rejected, ...kept } = credential;
  const { apiKey, lastRefresh } = file;
  return {
    ...kept,
    tokens,
    ...(!isSameToken && receivedNow(kept, tokens, now, lastRefresh)),
    ...(apiKey !== undefined && { derivedKey: { status: "present", key: apiKey, createdAt: lastRefresh ?? now } }),
  };
}

/** What changes with tokens that the Codex CLI has got, at `lastRefresh` as far as is known, ms since 1970. */
function receivedNow({ sequence }: { sequence: number }, tokens: LoginTokens, now: number, lastRefresh?: number) {
  return {
    sequence: sequence + 1,
    receivedAt: now,
    lastRefreshAt: lastRefresh ?? now,
    clockOffset: clockOffsetOfLogin(now, claimsOf(tokens).issuedAt, lastRefresh),
  };
}
