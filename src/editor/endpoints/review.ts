import type { Accounts } from "../../account/accounts.ts";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import {
  accountBinding,
  type Binding,
  type EndpointName,
  newKeyBinding,
  ownKeyBinding,
} from "../../account/endpoints.ts";
import type { OwnKeyStore } from "../../account/ownKey.ts";
import { isProblem } from "../../shared/problem.ts";

export interface EndpointReviewDependencies {
  accounts: Accounts;
  ownKey: OwnKeyStore;
  endpoints: EndpointPermissions;
  /** The address in force. @throws Problem `badSetting` */
  endpoint: (name: EndpointName) => string;
}

/** What the addresses in force mean for the credentials that are there. */
export class EndpointReview {
  readonly #dependencies: EndpointReviewDependencies;

  constructor(dependencies: EndpointReviewDependencies) {
    this.#dependencies = dependencies;
    this.#forgetWithOthers();
  }

  /** Whether a credential is held back until the person has allowed an address. */
  get isNeeded(): boolean {
    const { endpoints } = this.#dependencies;
    return this.#inForce().some(({ binding, addresses }) => endpoints.missing(binding, addresses).length > 0);
  }

  /** Asks the person, for each credential that is held back. */
  async review(): Promise<void> {
    for (const { binding, addresses } of this.#inForce()) {
      try {
        await this.#dependencies.endpoints.request(binding, addresses, { again: true });
      } catch (error) {
        if (!isProblem(error, "endpointNotAllowed")) throw error;
      }
    }
  }

  /**
   * Asks before a sign-in for everything that it leads to: the issuer, and the services that its tokens are for.
   * @throws Problem `signInNotAllowed`; the signal's reason
   */
  async permitSignIn(issuer: string, signal: AbortSignal): Promise<void> {
    const options = { again: true, problem: "signInNotAllowed", signal } as const;
    await this.#dependencies.endpoints.request(accountBinding(issuer), this.#addressesFor(issuer), options);
  }

  /**
   * Asks before a login from elsewhere is stored as one of the settings' issuer.
   * @param from the issuer that its tokens name
   * @throws Problem `signInNotAllowed`
   */
  async permitImport(from: string, issuer: string): Promise<void> {
    const { accounts, endpoints } = this.#dependencies;
    const addresses = this.#addressesFor(issuer);
    await endpoints.request(accountBinding(from), addresses, { again: true, problem: "signInNotAllowed" });
    endpoints.grant(accountBinding(issuer), addresses);
    // It was asked about this one login. What was allowed for others of where it comes from goes with their accounts.
    const { name } = accountBinding(from);
    const others = [issuer, ...issuersOf(accounts)].some((other) => accountBinding(other).name === name);
    if (!others) endpoints.forget(accountBinding(from));
  }

  /** A window that removes a credential forgets what was allowed for it. Other windows do so here. */
  #forgetWithOthers(): void {
    const { accounts, ownKey, endpoints } = this.#dependencies;
    let before = { issuers: issuersOf(accounts), key: ownKey.current?.key };
    accounts.onDidChange(() => {
      const issuers = issuersOf(accounts);
      for (const issuer of before.issuers) {
        if (!issuers.has(issuer)) endpoints.forgetHere(accountBinding(issuer));
      }
      before = { ...before, issuers };
    });
    ownKey.onDidChange((next) => {
      if (before.key !== undefined && before.key !== next?.key) endpoints.forgetHere(ownKeyBinding(before.key));
      if (!next) endpoints.forgetHere(newKeyBinding);
      before = { ...before, key: next?.key };
    });
  }

  #addressesFor(issuer: string): string[] {
    return [issuer, ...this.#services()];
  }

  #services(): string[] {
    return [...this.#usable("apiBaseUrl"), ...this.#usable("chatgptBaseUrl")];
  }

  /** Nothing is sent to an address that is not valid, so there is nothing to ask about it. */
  #usable(name: EndpointName): string[] {
    try {
      return [this.#dependencies.endpoint(name)];
    } catch {
      return [];
    }
  }

  #inForce(): { binding: Binding; addresses: string[] }[] {
    const { active } = this.#dependencies.accounts.state;
    const ownKey = this.#dependencies.ownKey.current;
    return [
      ...(active ? [{ binding: accountBinding(active.issuer), addresses: this.#services() }] : []),
      ...(ownKey
        ? [{ binding: ownKeyBinding(ownKey.key, ownKey.apiBaseUrl), addresses: this.#usable("apiBaseUrl") }]
        : []),
    ];
  }
}

function issuersOf({ state }: Accounts): ReadonlySet<string> {
  return new Set(state.accounts.map(({ issuer }) => issuer));
}
