import type { Credential } from "../../account/credential.ts";
import { describeError, type Logger } from "../../platform/logger.ts";

export interface SignOutReportDependencies {
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  log: Logger;
}

/**
 * Ends a sign-in at the service, where it is ours to end, once it is gone from this computer. Resolves with the
 * sentences that tell the person what was done; a service that cannot be told fails nothing.
 */
export async function endAtService(
  { origin, issuer, tokens, derivedKey }: Credential,
  isLast: boolean,
  { revoke, log }: SignOutReportDependencies,
): Promise<string> {
  const here = isLast
    ? "You are signed out of ChatGPT on this computer."
    : "That account is signed out on this computer; your other ChatGPT accounts stay signed in.";
  if (origin === "linked") return `${here} The Codex CLI stays signed in.`;
  if (origin === "copied") return `${here} The Codex CLI, whose login it was copied from, was left alone.`;
  const key =
    derivedKey.status === "present"
      ? " The API key that was made for you stays valid until you delete it at platform.openai.com."
      : "";
  try {
    await revoke(issuer, tokens.refreshToken);
    return `${here} The sign-in has been ended at the service as well.${key}`;
  } catch (error) {
    log.warn(`The refresh token was not revoked: ${describeError(error)}`);
    return `${here} The service could not be told, so the sign-in may stay valid there until it expires.${key}`;
  }
}
