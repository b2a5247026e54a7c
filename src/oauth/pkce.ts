import { createHash, randomBytes } from "node:crypto";

export interface Pkce {
  /** RFC 7636 section 4.1: 64 random bytes, 86 characters. Kept in memory, and sent to the token endpoint only. */
  readonly codeVerifier: string;
  /** RFC 7636 section 4.2, method S256. */
  readonly codeChallenge: string;
}

/** Creates a code verifier and its challenge. */
export function createPkce(): Pkce {
  const codeVerifier = randomBytes(64).toString("base64url");
  return { codeVerifier, codeChallenge: challengeOf(codeVerifier) };
}

/** The challenge of a code verifier, method S256 (RFC 7636 section 4.2). */
export function challengeOf(codeVerifier: string): string {
  return createHash("sha256").update(codeVerifier).digest("base64url");
}

/** Creates a `state` (RFC 6749 section 10.12): 32 random bytes, 43 characters that no URL encoding changes. */
export function createState(): string {
  return randomBytes(32).toString("base64url");
}
