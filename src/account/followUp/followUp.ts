import { describeError, type Logger } from "../../platform/logger.ts";
import type { Accounts } from "../accounts.ts";
import { type Credential, type DerivedKey, isPending } from "../credential.ts";
import type { WorkspacePolicy } from "../workspacePolicy.ts";
import type { CreditRedeemer } from "./credits.ts";
import { type KeyDeriver, withDerivedKey } from "./derivedKey.ts";

export interface FollowUpDependencies {
  accounts: Accounts;
  deriver: KeyDeriver;
  credits: CreditRedeemer;
  policy: WorkspacePolicy;
  log: Logger;
}

/** What has begun to follow a sign-in that is being stored. */
export interface BegunFollowUp {
  /** The record with what has come by now, so that it is written once where the service is fast. */
  readonly complete: (credential: Credential) => Credential;
  /** Continues once the record of the account with this id is stored. */
  readonly finish: (id: string) => void;
}

/** What follows a sign-in once the person has been told that it worked: the derived key, then the plan's credits. */
export class FollowUp {
  readonly #dependencies: FollowUpDependencies;

  constructor(dependencies: FollowUpDependencies) {
    this.#dependencies = dependencies;
  }

  /** Continues what an earlier window had not finished, because it was closed right after a sign-in or was offline. */
  resume(): void {
    const { accounts, deriver, policy } = this.#dependencies;
    for (const { id, issuer } of accounts.state.accounts) {
      const entry = accounts.entry(id);
      if (!entry || !policy.isAllowed(entry.account)) continue;
      const { derivedKey, tokens } = entry.credential;
      if (isPending(derivedKey)) void this.#logFailure(() => this.#finish(id, deriver.request(issuer, tokens.idToken)));
      else void this.#logFailure(() => this.#dependencies.credits.ask(id));
    }
  }

  /** Starts what can start while the credential is being stored. Never throws: a sign-in does not depend on any of it. */
  begin(issuer: string, idToken: string): BegunFollowUp {
    let made: DerivedKey | undefined;
    const making = this.#dependencies.deriver.request(issuer, idToken).then((key) => {
      made = key;
      return key;
    });
    return {
      complete: (credential) => (made ? withDerivedKey(credential, made) : credential),
      finish: (id) => void this.#logFailure(() => this.#finish(id, making, { isNew: true })),
    };
  }

  async #finish(id: string, making: Promise<DerivedKey>, options?: { isNew: boolean }): Promise<void> {
    await this.#dependencies.deriver.keep(id, making, options);
    await this.#dependencies.credits.ask(id);
  }

  async #logFailure(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#dependencies.log.warn(`After the sign-in: ${describeError(error)}`);
    }
  }
}
