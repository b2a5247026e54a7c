import type { Accounts } from "../account/accounts.ts";
import type { DerivedKey } from "../account/credential.ts";
import type { KeyDeriver } from "../account/derivedKey.ts";
import { isEligibleForCredits, redeemCredits } from "../openai/credits.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { settings } from "./settings.ts";

export interface AfterSignInParts {
  accounts: Accounts;
  deriver: KeyDeriver;
  http: HttpClient;
  log: Logger;
}

/** What follows a sign-in once the person has been told that it worked: the derived key, then the plan's credits. */
export class AfterSignIn {
  readonly #parts: AfterSignInParts;

  constructor(parts: AfterSignInParts) {
    this.#parts = parts;
  }

  /** Goes on where a window that was closed right after a sign-in left off. */
  resume(): void {
    for (const { id, issuer, derivedKey } of this.#parts.accounts.state.accounts) {
      if (derivedKey.status !== "absent" || derivedKey.why !== "pending") continue;
      const entry = this.#parts.accounts.entry(id);
      if (entry) this.begin(issuer, entry.credential.tokens.idToken)(id);
    }
  }

  /**
   * Starts what can start while the credential is being stored; what comes back goes on once it is. Never throws: a
   * sign-in stands without any of it.
   */
  begin(issuer: string, idToken: string): (id: string) => void {
    const making = this.#parts.deriver.request(issuer, idToken);
    return (id) => void this.#finish(id, making);
  }

  async #finish(id: string, making: Promise<DerivedKey>): Promise<void> {
    try {
      await this.#parts.deriver.keep(id, making);
      await this.#askForCredits(id);
    } catch (error) {
      this.#parts.log.warn(`After the sign-in: ${describeError(error)}`);
    }
  }

  async #askForCredits(id: string): Promise<void> {
    const { accounts, http, log } = this.#parts;
    const entry = accounts.entry(id);
    if (!entry || !settings.redeemCredits || entry.credential.creditsAskedAt !== undefined) return;
    const { plan } = entry.account;
    if (plan === undefined || !isEligibleForCredits(entry.account)) return;
    const apiBaseUrl = settings.endpoint("apiBaseUrl");
    const answered = await redeemCredits(http, apiBaseUrl, plan, entry.credential.tokens.idToken, log);
    if (answered) await accounts.update(id, (credential) => ({ ...credential, creditsAskedAt: Date.now() }));
  }
}
