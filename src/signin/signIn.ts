import type { Account } from "../account/state.ts";
import { Emitter } from "../platform/emitter.ts";
import { withoutTrailingSlashes } from "../platform/endpoint.ts";
import type { HttpClient } from "../platform/httpClient.ts";
import { describeError } from "../platform/logger.ts";
import type { FlowName, SignInAttempt } from "../shared/panelProtocol.ts";
import { Problem } from "../shared/problem.ts";
import { Attempt, isCancelled } from "./attempt.ts";
import { Completion, type CompletionDependencies } from "./completion.ts";
import type { SignInEvent } from "./flow.ts";
import type { HostEnvironment } from "./hostEnvironment.ts";
import { readPastedLink } from "./paste.ts";
import { SignInPage } from "./signInPage.ts";

export interface SignInDependencies extends CompletionDependencies {
  http: HttpClient;
  /** Where VS Code, this extension and the person's browser run. */
  environment: HostEnvironment;
  /** The flow to begin with, where none is asked for. */
  firstFlow: () => FlowName;
  /** The identifier of the issuer in the settings, which may end in a slash. @throws Problem `badSetting` */
  issuer: () => string;
  /** Asks the person, where needed, whether the addresses in the settings may get the credential. @throws Problem */
  permit: (issuer: string, signal: AbortSignal) => Promise<void>;
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
  readonly #completion: Completion;
  #attempt: Attempt | undefined;

  constructor(dependencies: SignInDependencies) {
    this.#dependencies = dependencies;
    const onError = (error: unknown) =>
      dependencies.log.error(`A listener of the sign-in failed: ${describeError(error)}`);
    this.#changed = new Emitter(onError);
    this.#events = new Emitter(onError);
    this.#completion = new Completion(dependencies);
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
        attempt.flows.answer.then((grant) => this.#completion.run(attempt, grant, onStored)),
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

  /** Ends the running sign-in, unless its credential is already being stored. */
  cancel(): void {
    this.#attempt?.cancel();
  }

  /** Resolves when no sign-in is being completed or undone any more; for a shutdown. */
  settled(): Promise<void> {
    return this.#completion.settled();
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
    const { page } = this.#attempt;
    const { answer, redirectUri } = readPastedLink(text, page.state, page.issuer, page.redirectUri);
    page.take(answer, redirectUri);
  }

  /** Why a redirect address cannot be used; undefined when it can. */
  checkPaste(text: string): Problem | undefined {
    if (!this.#attempt) return new Problem("pasteOtherSignIn");
    const { page } = this.#attempt;
    try {
      readPastedLink(text, page.state, page.issuer, page.redirectUri);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  #begin(chooseAccount: boolean): Attempt {
    const { clock, log, http, environment, permit, allowedWorkspaces } = this.#dependencies;
    const identifier = this.#dependencies.issuer();
    const issuer = withoutTrailingSlashes(identifier);
    this.#attempt = new Attempt({
      ...{ clock, log, http, issuer, environment },
      page: new SignInPage({ issuer: identifier, chooseAccount, allowedWorkspaces: allowedWorkspaces() }),
      permit: (signal) => permit(issuer, signal),
      send: (event) => this.#events.fire(event),
      onChange: () => this.#changed.fire(),
    });
    this.#changed.fire();
    return this.#attempt;
  }
}
