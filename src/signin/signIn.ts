import type { Accounts } from "../account/accounts.ts";
import { type Account, createEntry } from "../account/state.ts";
import type { AuthorizationGrant } from "../oauth/authorizationRequest.ts";
import type { TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { FlowName, SignInAttempt } from "../shared/panelProtocol.ts";
import { Problem } from "../shared/problem.ts";
import { Attempt, isCancelled } from "./attempt.ts";
import type { SignInEvent } from "./flow.ts";
import type { HostEnvironment } from "./hostEnvironment.ts";
import { readPastedLink } from "./paste.ts";
import { accountIdIn, type IssuedTokens, isAllowedWorkspace, newCredential, redeem } from "./redeem.ts";
import { SignInPage } from "./signInPage.ts";

export interface SignInDependencies {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  http: HttpClient;
  clock: Clock;
  log: Logger;
  /** Where VS Code, this extension and the person's browser run. */
  environment: HostEnvironment;
  /** The flow to begin with, where none is asked for. */
  firstFlow: () => FlowName;
  /** The issuer in the settings. @throws Problem `badSetting` */
  issuer: () => string;
  /** Asks the person, where needed, whether the addresses in the settings may get the credential. @throws Problem */
  permit: (issuer: string, signal: AbortSignal) => Promise<void>;
  /** The only ChatGPT workspaces that may be signed in to; all when empty. */
  allowedWorkspaces: () => readonly string[];
  /** Revokes a refresh token that will not be stored. */
  revoke: (issuer: string, refreshToken: string) => Promise<void>;
  /** Starts what follows a sign-in without delaying it; what it returns is called when the credential is stored. */
  beginFollowUp: (issuer: string, idToken: string) => (id: string) => void;
}

/** How a sign-in begins. */
export interface SignInOptions {
  flow?: FlowName;
  /** The page asks who it is, even when the browser is signed in: for another account or ChatGPT workspace. */
  chooseAccount?: boolean;
  /** Done when the credential is stored and before listeners hear of it. The sign-in stands when it fails. */
  onStored?: () => Promise<void>;
}

/** The sign-in that is running, if one is: there is one at most. */
export class SignIn {
  readonly #dependencies: SignInDependencies;
  readonly #changed: Emitter<void>;
  readonly #events: Emitter<SignInEvent>;
  #attempt: Attempt | undefined;

  constructor(dependencies: SignInDependencies) {
    this.#dependencies = dependencies;
    const onError = (error: unknown) =>
      dependencies.log.error(`A listener of the sign-in failed: ${describeError(error)}`);
    this.#changed = new Emitter(onError);
    this.#events = new Emitter(onError);
  }

  get onDidChange() {
    return this.#changed.event;
  }

  /** What a running sign-in asks of the editor. */
  get onEvent() {
    return this.#events.event;
  }

  get running(): SignInAttempt | undefined {
    return this.#attempt?.state;
  }

  /** The sign-in page's address, for the person to copy. */
  get link(): string | undefined {
    return this.#attempt?.page.url;
  }

  /**
   * Starts a sign-in. Resolves with the account when its credential is stored; while a sign-in is running, with that
   * one's outcome.
   * @throws Problem; who was signed in before still is
   */
  async run({
    flow = this.#dependencies.firstFlow(),
    chooseAccount = false,
    onStored,
  }: SignInOptions = {}): Promise<Account> {
    if (this.#attempt) return this.#attempt.outcome;
    const attempt = this.#begin(chooseAccount);
    try {
      attempt.flows.begin(flow);
      const account = await Promise.race([
        attempt.flows.answer.then((grant) => this.#finish(attempt, grant, onStored)),
        attempt.stopped,
      ]);
      attempt.succeed(account);
      this.#dependencies.log.info("Signed in");
      return account;
    } catch (error) {
      attempt.fail(error);
      this.#dependencies.log.info(
        isCancelled(error) ? "Sign-in was cancelled" : `Sign-in failed: ${describeError(error)}`,
      );
      throw error;
    } finally {
      this.#attempt = undefined;
      this.#changed.fire();
    }
  }

  cancel(): void {
    this.#attempt?.cancel();
  }

  /** Shows what the person is waiting for again. @throws Problem */
  async bringForward(): Promise<void> {
    await this.#attempt?.flows.reveal();
  }

  /** Goes on with another flow, beside those that are running. @throws Problem when it cannot start; those go on */
  async switchTo(flow: FlowName): Promise<void> {
    await this.#attempt?.flows.show(flow);
  }

  /** Notes that the person has the link on the clipboard, so that they are told what to do with it. */
  linkCopied(): void {
    if (!this.#attempt) return;
    this.#attempt.page.notice = "linkCopied";
    this.#changed.fire();
  }

  /** Takes the redirect address. @throws Problem when it cannot be used; the attempt goes on */
  paste(text: string): void {
    if (!this.#attempt) throw new Problem("pasteOtherSignIn");
    const { page, issuer } = this.#attempt;
    const { answer, redirectUri } = readPastedLink(text, page.state, issuer);
    page.take(answer, redirectUri);
  }

  /** Why a redirect address cannot be used; undefined when it can. */
  checkPaste(text: string): Problem | undefined {
    if (!this.#attempt) return new Problem("pasteOtherSignIn");
    try {
      readPastedLink(text, this.#attempt.page.state, this.#attempt.issuer);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  #begin(chooseAccount: boolean): Attempt {
    const { clock, log, http, environment, permit, allowedWorkspaces } = this.#dependencies;
    const issuer = this.#dependencies.issuer();
    this.#attempt = new Attempt({
      ...{ clock, log, http, issuer, environment },
      page: new SignInPage({ issuer, chooseAccount, allowedWorkspaces: allowedWorkspaces() }),
      permit: (signal) => permit(issuer, signal),
      send: (event) => this.#events.fire(event),
      onChange: () => this.#changed.fire(),
    });
    this.#changed.fire();
    return this.#attempt;
  }

  /** From the first answer to the stored credential. */
  async #finish(attempt: Attempt, grant: AuthorizationGrant, onStored: SignInOptions["onStored"]): Promise<Account> {
    const { issuer, signal } = attempt;
    // An answer that comes when the attempt has ended is not redeemed.
    signal.throwIfAborted();
    attempt.enter("redeeming");
    const tokens = await redeem(this.#dependencies.tokenEndpoint(issuer), issuer, grant, signal);
    this.#checkWorkspace(issuer, tokens);
    const followUp = this.#dependencies.beginFollowUp(issuer, tokens.idToken);
    attempt.enter("saving");
    const account = await this.#store(issuer, tokens, onStored);
    followUp(account.id);
    return account;
  }

  async #store(issuer: string, tokens: IssuedTokens, onStored: SignInOptions["onStored"]): Promise<Account> {
    const { accounts, clock, log } = this.#dependencies;
    const id = accountIdIn(issuer, tokens);
    const credential = newCredential(issuer, tokens, accounts.entry(id)?.credential, clock);
    await accounts.tellTogether(async () => {
      await accounts.storeSignIn(credential);
      await onStored?.().catch((error: unknown) => log.warn(`After storing the sign-in: ${describeError(error)}`));
    });
    return createEntry(credential).account;
  }

  /** @throws Problem `workspaceNotAllowed`, after revoking the refresh token that will not be stored */
  #checkWorkspace(issuer: string, tokens: IssuedTokens): void {
    const { allowedWorkspaces, revoke, log } = this.#dependencies;
    if (isAllowedWorkspace(tokens, allowedWorkspaces())) return;
    revoke(issuer, tokens.refreshToken).catch((error: unknown) =>
      log.warn(`The refresh token was not revoked: ${describeError(error)}`),
    );
    throw new Problem("workspaceNotAllowed");
  }
}
