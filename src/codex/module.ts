import type { Accounts } from "../account/accounts.ts";
import type { LinkedLogins } from "../account/module.ts";
import type { TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import type { Lock } from "../platform/lock.ts";
import type { Logger } from "../platform/logger.ts";
import { CodexCli, type CodexCliDependencies } from "./codexCli.ts";
import { FileRefresher } from "./fileRefresher.ts";
import { type HandOff, handOff } from "./handOff/handOff.ts";
import { HandOffRecovery } from "./handOff/recovery.ts";
import { settleHandOff } from "./handOff/settle.ts";
import { LinkedAccounts } from "./linkedAccounts.ts";
import { LinkedRefresher } from "./linkedRefresher.ts";

export interface CodexDependencies extends CodexCliDependencies {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  lock: Lock;
  log: Logger;
}

/** What the Codex CLI and this extension share. */
export interface CodexServices {
  readonly cli: CodexCli;
  /** What the accounts below need for logins that the Codex CLI owns, or may own. */
  readonly linkedLogins: LinkedLogins;
  /** Hands a sign-in off to the Codex CLI. @throws Problem; then the sign-in stays ours */
  handOff(request: HandOff): Promise<string | undefined>;
  /** Ends a hand-off of an account before something else happens to the account. Never rejects. */
  endHandOff(id: string): Promise<void>;
  /** Stops following; resolves when nothing is under way any more. */
  dispose(): Promise<void>;
}

/** Builds the services around the Codex CLI. Linked accounts are followed from then on. */
export function createCodex(dependencies: CodexDependencies): CodexServices {
  const { accounts, tokenEndpoint, lock, clock, log } = dependencies;
  const cli = new CodexCli(dependencies);
  const fileRefresher = new FileRefresher({ tokenEndpoint, clock, log });
  const linkedRefresher = new LinkedRefresher({ cli, fileRefresher, lock });
  const linkedAccounts = new LinkedAccounts({ accounts, cli, lock, clock, log });
  const recovery = new HandOffRecovery({ accounts, lock, clock, log });
  return {
    cli,
    linkedLogins: {
      refresh: (credential) => linkedRefresher.refresh(credential),
      settleHandOff: (credential) => settleHandOff({ accounts, lock, clock }, credential),
    },
    handOff: (request) => handOff({ accounts, cli, lock, clock }, request),
    endHandOff: (id) => recovery.end(id),
    async dispose() {
      linkedAccounts.dispose();
      await Promise.all([linkedRefresher.settled(), recovery.dispose()]);
      await cli.dispose();
    },
  };
}
