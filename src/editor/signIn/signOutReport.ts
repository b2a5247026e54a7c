import * as l10n from "@vscode/l10n";
import type { Credential } from "../../account/credential.ts";
import { describeError, type Logger } from "../../platform/logger.ts";

export interface SignOutReportDependencies {
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  log: Logger;
}

/**
 * Revokes the refresh token of a credential that is gone from this computer, unless the login is the Codex CLI's.
 * Resolves with the sentences that tell the person what was done. An issuer that cannot be reached is no failure.
 */
export async function endAtService(
  credential: Credential,
  isLast: boolean,
  dependencies: SignOutReportDependencies,
): Promise<string> {
  const here = isLast
    ? l10n.t("You're signed out of ChatGPT on this computer.")
    : l10n.t("The account is signed out on this computer. Your other ChatGPT accounts stay signed in.");
  const elsewhere = await endElsewhere(credential, dependencies);
  return [here, ...elsewhere].join(" ");
}

async function endElsewhere(credential: Credential, dependencies: SignOutReportDependencies): Promise<string[]> {
  switch (credential.origin) {
    case "linked":
      return [l10n.t("The Codex CLI stays signed in.")];
    case "copied":
      return [l10n.t("The Codex CLI's login is unchanged.")];
    case "own": {
      const { issuer, tokens, derivedKey } = credential;
      const revoked = await revokeAt(issuer, tokens.refreshToken, dependencies);
      if (derivedKey.status === "absent") return [revoked];
      return [revoked, l10n.t("The account API key stays valid until you delete it at platform.openai.com.")];
    }
  }
}

async function revokeAt(
  issuer: string,
  refreshToken: string,
  { revoke, log }: SignOutReportDependencies,
): Promise<string> {
  try {
    await revoke(issuer, refreshToken);
    return l10n.t("The sign-in was also revoked at OpenAI.");
  } catch (error) {
    log.warn(`The refresh token was not revoked: ${describeError(error)}`);
    return l10n.t("The sign-in couldn't be revoked at OpenAI and may stay valid there until it expires.");
  }
}
