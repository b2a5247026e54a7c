import type { Accounts } from "../account/accounts.ts";
import type { Credential } from "../account/credential.ts";
import { authFilePath } from "../codex/codexHome.ts";
import type { AuthFileRead } from "../codex/readAuthFile.ts";
import { describeWriteFailure, exportAuthFile } from "../codex/writeAuthFile.ts";
import type { Clock } from "../platform/clock.ts";
import type { Lock } from "../platform/lock.ts";
import { Problem, WordedProblem } from "../platform/problem.ts";
import { linkedTokens } from "./codexLogin.ts";

export interface HandOver {
  /** The account whose sign-in is handed over. */
  id: string;
  codexHome: string;
  /** No CLI is installed here: renew the file from here until one is. */
  renewHere: boolean;
  /** The login that stands there, once the person has agreed that it be replaced. */
  replace: Extract<AuthFileRead, { status: "read" }> | undefined;
}

export interface HandOverParts {
  accounts: Accounts;
  lock: Lock;
  clock: Clock;
}

/**
 * Writes a sign-in of ours as the login of the Codex CLI and links it: a refresh token works once, so it must have one
 * owner. Resolves with the path of the backup, if a file was replaced.
 * @throws Problem `notSignedIn`, WordedProblem when the file was not written; then the sign-in stays ours
 */
export async function handOver(parts: HandOverParts, { id, codexHome, renewHere, replace }: HandOver) {
  const { accounts, lock, clock } = parts;
  // No window may renew the tokens between the file and the record.
  return lock.hold(id, async () => {
    const entry = await accounts.reread(id);
    if (!entry || entry.credential.origin === "linked") throw new Problem("notSignedIn");
    const { credential, account } = entry;
    const { tokens, derivedKey } = credential;
    const login = {
      ...tokens,
      accountId: account.accountId ?? "",
      apiKey: derivedKey.status === "present" ? derivedKey.key : undefined,
      refreshedAt: credential.lastRefreshAt ?? credential.signedInAt,
    };
    const result = await exportAuthFile(authFilePath(codexHome), login, replace, clock.now());
    if (result.status !== "written") throw new WordedProblem(describeWriteFailure(result.status), result.status);
    const linked: Credential = {
      ...credential,
      origin: "linked",
      tokens: linkedTokens(tokens),
      link: { codexHome, store: "file", renewHere },
    };
    await accounts.put(linked);
    return result.backup;
  });
}
