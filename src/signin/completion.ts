import type { Accounts } from "../account/accounts.ts";
import { claimsOf } from "../account/credential.ts";
import type { BegunFollowUp } from "../account/followUp/followUp.ts";
import { type RevocableToken, unnamedId } from "../account/replacedTokens.ts";
import { type Account, createEntry } from "../account/state.ts";
import { WorkspacePolicy } from "../account/workspacePolicy.ts";
import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import { IncompleteTokens, type TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Problem } from "../shared/problem.ts";
import type { Attempt } from "./attempt.ts";
import { accountIdIn, type IssuedTokens, newCredential, redeem } from "./redeem.ts";

export interface CompletionDependencies {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  clock: Clock;
  log: Logger;
  /** The only ChatGPT workspaces that may be signed in to; all when empty. */
  allowedWorkspaces: () => readonly string[];
  /** Revokes the refresh token of a sign-in that is not kept, now or later; never rejects. */
  discard: (id: string, token: RevocableToken) => Promise<unknown>;
  /** Starts what follows a sign-in without delaying it. */
  beginFollowUp: (issuer: string, idToken: string) => BegunFollowUp;
}

/**
 * The end of a sign-in, from the sign-in page's answer to the stored credential. Once the issuer has given out tokens,
 * there are two outcomes: they are stored, and the person is signed in, also when Cancel came while they were being
 * stored; or they are revoked, and nothing of them is kept.
 */
export class Completion {
  readonly #dependencies: CompletionDependencies;
  readonly #running = new Set<Promise<unknown>>();

  constructor(dependencies: CompletionDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Redeems an answer and stores what it brings.
   * @param onStored done when the credential is stored and before listeners hear of it
   * @throws Problem; then nobody was signed in by it. The reason of the attempt's end when that came first
   */
  run(attempt: Attempt, grant: AuthorizationGrant, onStored: (() => Promise<void>) | undefined): Promise<Account> {
    return this.#track(this.#complete(attempt, grant, onStored));
  }

  /** Resolves when no sign-in is being completed or undone any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #complete(attempt: Attempt, grant: AuthorizationGrant, onStored: (() => Promise<void>) | undefined) {
    const { issuer, signal } = attempt;
    // An answer that comes when the attempt has ended is not redeemed.
    signal.throwIfAborted();
    attempt.enter("redeeming");
    const tokens = await this.#redeem(issuer, grant);
    const { account, followUp } = await this.#keep(attempt, tokens, onStored).catch((error: unknown) => {
      this.#discard(accountIdIn(issuer, tokens), { issuer, refreshToken: tokens.refreshToken });
      throw error;
    });
    // The person is signed in, whatever becomes of this.
    try {
      followUp.finish(account.id);
    } catch (error) {
      this.#dependencies.log.error(`What follows a sign-in failed: ${describeError(error)}`);
    }
    return account;
  }

  /** @throws Problem, or the reason of the attempt's end; then nothing is kept */
  async #keep(attempt: Attempt, tokens: IssuedTokens, onStored: (() => Promise<void>) | undefined) {
    const { issuer, signal } = attempt;
    signal.throwIfAborted();
    this.#check(tokens);
    // At the same time. A key that is made for a sign-in that cannot be stored is dropped: nobody ever has it.
    const followUp = this.#dependencies.beginFollowUp(issuer, tokens.idToken);
    attempt.enter("saving");
    const { accounts, clock, log } = this.#dependencies;
    const credential = newCredential(issuer, tokens, (id) => accounts.entry(id)?.credential, clock);
    const { account } = createEntry(credential);
    await accounts.tellTogether(async () => {
      await accounts.storeSignIn(credential, followUp.complete);
      await onStored?.().catch((error: unknown) => log.warn(`After storing the sign-in: ${describeError(error)}`));
    });
    return { account, followUp };
  }

  /** Not ended by the attempt: whether the issuer has got the code could not be known then. */
  async #redeem(issuer: string, grant: AuthorizationGrant): Promise<IssuedTokens> {
    try {
      const { tokenEndpoint, clock } = this.#dependencies;
      return await redeem(tokenEndpoint(issuer), issuer, grant, clock);
    } catch (error) {
      if (error instanceof IncompleteTokens) this.#discard(undefined, { issuer, refreshToken: error.refreshToken });
      throw error;
    }
  }

  /** @throws Problem `noAccountNamed`, `unusableWorkspace`, `workspaceNotAllowed` */
  #check(tokens: IssuedTokens): void {
    if (accountIdIn("", tokens) === undefined) throw new Problem("noAccountNamed");
    if (claimsOf(tokens).hasUnusableWorkspace) throw new Problem("unusableWorkspace");
    new WorkspacePolicy(this.#dependencies.allowedWorkspaces).assertMayStore(tokens);
  }

  /** @param id of the account; where nobody is named, the token is noted for nobody, so that a later window finds it */
  #discard(id = unnamedId, token: RevocableToken): void {
    if (!this.#isInUse(token)) void this.#track(this.#dependencies.discard(id, token));
  }

  /** An issuer may give out the token again that an account has. */
  #isInUse({ issuer, refreshToken }: RevocableToken): boolean {
    const { accounts } = this.#dependencies;
    const credentials = accounts.state.accounts.map(({ id }) => accounts.entry(id)?.credential);
    return credentials.some((one) => one?.issuer === issuer && one.tokens.refreshToken === refreshToken);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const end = () => this.#running.delete(work);
    work.then(end, end);
    return work;
  }
}
