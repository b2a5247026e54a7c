import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { readClaims } from "../../oauth/claims.ts";
import type { TokenEndpoint } from "../../oauth/tokenEndpoint.ts";
import type { Clock } from "../../platform/clock.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { isProblem } from "../../shared/problem.ts";
import type { Accounts } from "../accounts.ts";
import type { Credential, DerivedKey } from "../credential.ts";
import type { Entry } from "../state.ts";
import type { WorkspacePolicy } from "../workspacePolicy.ts";

/** Well within the time for which nobody refreshes new tokens (`settleMs`), ms. */
const justIssuedMs = 10_000;

export interface KeyDeriverDependencies {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  policy: WorkspacePolicy;
  clock: Clock;
  log: Logger;
}

/** Gets the API key of an account's Platform organization. Most ChatGPT accounts have none: that fails nothing. */
export class KeyDeriver {
  readonly #dependencies: KeyDeriverDependencies;

  constructor(dependencies: KeyDeriverDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether the id_token that a key would be made from has expired. */
  needsFreshIdToken({ credential }: Entry): boolean {
    const expiresAt = readClaims(credential.tokens.idToken)?.expiresAt;
    return expiresAt !== undefined && expiresAt - credential.clockOffset <= this.#dependencies.clock.now();
  }

  /**
   * Makes a key for the account and stores it, or why there is none; a key that is there stays when none can be made.
   * @throws Problem `accountNotAllowed`, `allowedWorkspacesUnusable`
   */
  async derive({ credential, account }: Entry): Promise<void> {
    this.#dependencies.policy.assertAllowed(account);
    await this.keep(credential.id, this.request(credential.issuer, credential.tokens.idToken));
  }

  /**
   * Stores what `request` resolves with.
   * @param options `isNew` if this window has just stored the account's sign-in: by a clock that was set back, old tokens
   * look new
   */
  async keep(id: string, making: Promise<DerivedKey>, { isNew = false } = {}): Promise<void> {
    const { accounts, clock } = this.#dependencies;
    const storedAt = clock.elapsed();
    const made = await making;
    const receivedAt = accounts.entry(id)?.credential.receivedAt ?? 0;
    const change = (credential: Credential) => withDerivedKey(credential, made);
    // The computer may have slept, and another window have been there in that time.
    const ageMs = Math.max(Math.abs(clock.now() - receivedAt), clock.elapsed() - storedAt);
    // No window refreshes tokens that have just come, so a sign-in need not wait for the lock.
    if (isNew && ageMs < justIssuedMs) await accounts.updateUnlocked(id, change);
    else await accounts.update(id, change);
  }

  /** Asks for a key. Never rejects: what it resolves with says why there is none. */
  async request(issuer: string, idToken: string): Promise<DerivedKey> {
    const now = this.#dependencies.clock.now();
    try {
      const key = await this.#dependencies.tokenEndpoint(issuer).exchangeForApiKey(idToken, nameOfKey(now));
      return { status: "present", key, createdAt: now };
    } catch (error) {
      this.#dependencies.log.info(`No API key was derived: ${describeError(error)}`);
      if (!isProblem(error, "exchangeRefused")) return { status: "absent", why: "unreachable" };
      // These codes may have other causes, too; that there is no organization is the usual one.
      const organization = /invalid_subject_token|no_valid_organizations/.test(error.detail ?? "");
      return { status: "absent", why: organization ? "noOrganization" : "refused" };
    }
  }
}

/** The record with what was made for it; itself where nothing changes. */
export function withDerivedKey(credential: Credential, made: DerivedKey): Credential {
  const { derivedKey } = credential;
  const keep = made.status === "absent" ? derivedKey.status === "present" : isDeepStrictEqual(derivedKey, made);
  return keep ? credential : { ...credential, derivedKey: made };
}

/** The key's name in the organization's list of keys; the random part tells two of a day apart. */
function nameOfKey(now: number): string {
  const day = new Date(now).toISOString().slice(0, 10);
  return `Sign in with ChatGPT [auto-generated] (${day}) [${randomBytes(6).toString("hex")}]`;
}
