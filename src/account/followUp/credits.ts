import * as z from "zod/mini";
import { errorCode, isErrorBody, isPassing, isServiceError } from "../../oauth/oauthError.ts";
import type { Clock } from "../../platform/clock.ts";
import type { HttpClient } from "../../platform/httpClient.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { Accounts } from "../accounts.ts";
import type { Credential } from "../credential.ts";
import type { EndpointGuard } from "../endpointPermissions.ts";
import { accountBinding } from "../endpoints.ts";
import type { Refresher } from "../refresher.ts";
import type { Account, Entry } from "../state.ts";
import type { WorkspacePolicy } from "../workspacePolicy.ts";
import type { KeyDeriver } from "./derivedKey.ts";

const grantSchema = z.object({ granted_chatgpt_subscriber_api_credits: z.number() });
const nothingSchema = z.strictObject({});

/** The API credits that come with a plan, US dollars. */
const creditsOfPlan: ReadonlyMap<string, number> = new Map([
  ["plus", 5],
  ["pro", 50],
]);

/** Without a definite answer, an account's credits are asked for again after this long, ms. */
const retryMs = 24 * 60 * 60_000;

/** Statuses below 500 after which another try may succeed. */
const passing: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Whether an account's plan comes with API credits that can be asked for now. */
export function isEligibleForCredits(account: Account): boolean {
  return account.plan !== undefined && creditsOfPlan.has(account.plan) && !account.needsPlatformSetup;
}

/**
 * Asks for the complimentary API credits of a plan. Best effort: nothing depends on it, and every outcome is only logged.
 * @returns whether the service gave a definite answer, so that it need not be asked again
 */
export async function redeemCredits(
  http: HttpClient,
  apiBaseUrl: string,
  plan: string,
  idToken: string,
  log: Logger,
): Promise<boolean> {
  try {
    const response = await http.send({
      method: "POST",
      url: `${apiBaseUrl}/billing/redeem_credits`,
      json: { id_token: idToken },
    });
    const dollars = response.status === 200 ? grantedBy(response.json) : undefined;
    const error = errorCode(response.json);
    // Anything else is not the service's answer: a page, a portal's JSON, an error that may pass.
    const isRefusal = response.status >= 400 && response.status < 500 && !passing.has(response.status);
    const isRefused = isRefusal && isServiceError(response.json) && !isPassing(error);
    if (dollars === undefined && !isRefused) {
      log.info(`The plan's API credits could not be asked for: ${[response.status, error].filter(Boolean).join(" ")}`);
      return false;
    }
    log.info(
      dollars !== undefined && dollars > 0
        ? `The plan's API credits ($${creditsOfPlan.get(plan)}) were granted.`
        : `No API credits were granted (status ${response.status}).`,
    );
    return true;
  } catch (error) {
    log.info(`The plan's API credits could not be asked for: ${describeError(error)}`);
    return false;
  }
}

/** What an answer grants; undefined for an error, or an answer that is not the service's. Only `{}` may leave it out. */
function grantedBy(json: unknown): number | undefined {
  if (isErrorBody(json)) return undefined;
  if (nothingSchema.safeParse(json).success) return 0;
  return grantSchema.safeParse(json).data?.granted_chatgpt_subscriber_api_credits;
}

export interface CreditRedeemerDependencies {
  accounts: Accounts;
  refresher: Refresher;
  deriver: KeyDeriver;
  policy: WorkspacePolicy;
  http: HttpClient;
  clock: Clock;
  log: Logger;
  endpoints: EndpointGuard;
  /** @throws Problem `badSetting` */
  apiBaseUrl: () => string;
  /** The person's setting. */
  isWanted: () => boolean;
}

/** Asks for the credits of an account's plan, once per account; once a day until there is a definite answer. */
export class CreditRedeemer {
  readonly #dependencies: CreditRedeemerDependencies;

  constructor(dependencies: CreditRedeemerDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws Problem, to be logged only */
  async ask(id: string): Promise<void> {
    const { accounts, refresher, deriver, http, clock, log, endpoints } = this.#dependencies;
    const known = accounts.entry(id);
    if (!known || !this.#isEligible(known.account) || !this.#isDue(known.credential)) return;
    const apiBaseUrl = this.#dependencies.apiBaseUrl();
    endpoints.assertAllowed(accountBinding(known.credential.issuer), apiBaseUrl);
    let entry = await this.#claimToday(id);
    if (!entry) return;
    if (deriver.needsFreshIdToken(entry)) entry = await refresher.refresh(entry.credential);
    // What is wanted and allowed may have changed meanwhile.
    if (!this.#isEligible(entry.account)) return;
    const { plan = "" } = entry.account;
    const answered = await redeemCredits(http, apiBaseUrl, plan, entry.credential.tokens.idToken, log);
    if (answered) await accounts.update(id, (credential) => ({ ...credential, creditsAskedAt: clock.now() }));
  }

  /**
   * Records that this window asks now, before it does, so that no other one does today.
   * @returns undefined when another one has asked
   */
  async #claimToday(id: string): Promise<Entry | undefined> {
    const { accounts, clock } = this.#dependencies;
    let isOurs = false;
    const entry = await accounts.update(id, (credential) => {
      isOurs = this.#isDue(credential);
      return isOurs ? { ...credential, creditsTriedAt: clock.now() } : credential;
    });
    return isOurs && entry && this.#isEligible(entry.account) ? entry : undefined;
  }

  #isEligible(account: Account): boolean {
    // A linked login is the Codex CLI's: neither its tokens nor its credits are ours.
    const { isWanted, policy } = this.#dependencies;
    return isWanted() && policy.isAllowed(account) && account.origin === "own" && isEligibleForCredits(account);
  }

  #isDue({ creditsAskedAt, creditsTriedAt }: Credential): boolean {
    if (creditsAskedAt !== undefined) return false;
    // A clock that was set back must not make this wait for years.
    return creditsTriedAt === undefined || Math.abs(this.#dependencies.clock.now() - creditsTriedAt) >= retryMs;
  }
}
