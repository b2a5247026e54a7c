import type { Accounts } from "../account/accounts.ts";
import { accountIdOf, type Credential, claimsOf } from "../account/credential.ts";
import { readClaims } from "../oauth/claims.ts";
import { clockOffset } from "../oauth/clockOffset.ts";
import type { TokenEndpoint, TokenSet } from "../oauth/tokenEndpoint.ts";
import type { Clock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import type { FlowName, SignInNotice, Stage } from "../shared/panelProtocol.ts";
import { isProblem, Problem } from "../shared/problem.ts";
import { onlyBrowserConnected } from "../shared/words/signIn.ts";
import { Attempt, type Grant, isCancelled } from "./attempt.ts";
import { type FlowDependencies, startFlow } from "./flows.ts";
import { readPastedLink } from "./paste.ts";

export interface SignInDependencies {
  accounts: Accounts;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  clock: Clock;
  log: Logger;
  /** What the flows need of the editor. */
  surface: Omit<FlowDependencies, "clock" | "log" | "issuer" | "chooseAccount" | "allowedWorkspaces" | "onFailure">;
  /** The flow to begin with, where none is asked for. */
  firstFlow: () => FlowName;
  /**
   * Asks for another way when the first flow cannot start here; undefined when the person wants none.
   * Without it the attempt fails.
   */
  offerAnotherWay?: (problem: Problem, signal: AbortSignal) => Promise<FlowName | undefined>;
  /** Tells of a flow that failed while the attempt goes on with another. */
  onTrouble?: (error: unknown) => void;
  /** The only ChatGPT workspaces (`chatgpt_account_id`) that may be signed in to; all when empty. */
  allowedWorkspaces?: () => readonly string[];
  /** Ends a login at the issuer that is not going to be stored. */
  revoke?: (issuer: string, refreshToken: string) => Promise<void>;
  /** The issuer of the settings. @throws Problem `badSetting` */
  issuer: () => string;
  /** Asks the person, where needed, whether the settings' addresses may have the credential. @throws Problem */
  permit: (issuer: string, signal: AbortSignal) => Promise<void>;
  /** Starts what follows a sign-in and must not hold it up; what comes back is called when the credential is stored. */
  beginFollowUp: (issuer: string, idToken: string) => (id: string) => void;
}

/** What may be known of a running sign-in; the code is for the person's eyes alone. */
export interface RunningSignIn {
  readonly flow: FlowName;
  readonly stage: Stage;
  readonly since: number;
  readonly until: number;
  readonly notice: SignInNotice | undefined;
  readonly device: { readonly userCode: string; readonly page: string } | undefined;
  /** There is a sign-in page whose link can be copied. */
  readonly hasLink: boolean;
}

/** How a sign-in begins. */
export interface SignInOptions {
  flow?: FlowName;
  /** Asks who it is, even when the browser is signed in: for another account or ChatGPT workspace. */
  chooseAccount?: boolean;
  /** What belongs to the news that somebody has signed in: done before anybody is told. The sign-in stands without it. */
  onStored?: () => Promise<void>;
}

/** A running attempt and the flows that work for it. */
interface Running {
  readonly attempt: Attempt;
  readonly issuer: string;
  readonly chooseAccount: boolean;
  /** Nothing is opened or sent before. */
  readonly permitted: Promise<void>;
  /** Each with the way to bring it before the person again. */
  readonly flows: Map<FlowName, Promise<() => Promise<void>>>;
}

/** The sign-in that is running, if one is: there is one at most. */
export class SignIn {
  readonly #dependencies: SignInDependencies;
  readonly #changed: Emitter<void>;
  #running: Running | undefined;

  constructor(parts: SignInDependencies) {
    this.#dependencies = parts;
    this.#changed = new Emitter((error) =>
      parts.log.error(`A listener of the sign-in failed: ${describeError(error)}`),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get running(): RunningSignIn | undefined {
    const attempt = this.#running?.attempt;
    if (!attempt) return undefined;
    const { flow, stage, since, until, notice, device, link } = attempt;
    return {
      ...{ flow, stage, since, until, notice },
      device: device && { userCode: device.userCode, page: device.verificationUri },
      hasLink: link !== undefined,
    };
  }

  /** The sign-in page's address, for the person to copy. */
  get link(): string | undefined {
    return this.#running?.attempt.link;
  }

  /** Notes that the person has the link on the clipboard, so that the surfaces say what to do with it. */
  linkCopied(): void {
    this.#running?.attempt.notify("linkCopied");
  }

  cancel(): void {
    this.#running?.attempt.cancel();
  }

  /** Brings what the person is waiting for before them again. @throws Problem */
  async bringForward(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    // While it is starting it comes forward by itself.
    const forward = running.attempt.stage === "starting" ? undefined : running.flows.get(running.attempt.flow);
    await (await forward)?.();
  }

  /**
   * Goes on with another flow; those that run already go on beside it. When it cannot start, the attempt stays as it was.
   * @throws Problem
   */
  async switchTo(flow: FlowName): Promise<void> {
    const running = this.#running;
    if (!running || running.attempt.answered.aborted) return;
    const started = running.flows.get(flow);
    if (started) return (await started)();
    await this.#start(running, flow);
  }

  /**
   * Takes the address that the browser ended on. Resolves when it was accepted, not when the sign-in is done.
   * @throws Problem when it cannot be used; the attempt goes on
   */
  paste(text: string): void {
    if (!this.#running) throw new Problem("pasteOtherSignIn");
    const { attempt, issuer } = this.#running;
    const { answer, redirectUri } = readPastedLink(text, attempt.state, issuer);
    attempt.answer(answer, redirectUri).catch(() => {});
  }

  /** Says why an address cannot be used; undefined when it can. */
  checkPaste(text: string): Problem | undefined {
    if (!this.#running) return new Problem("pasteOtherSignIn");
    try {
      readPastedLink(text, this.#running.attempt.state, this.#running.issuer);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  /**
   * Starts a sign-in. Resolves when the credential is stored; while one is running, with that one's outcome.
   * @throws Problem; whoever was signed in before still is
   */
  async run({
    flow = this.#dependencies.firstFlow(),
    chooseAccount = false,
    onStored,
  }: SignInOptions = {}): Promise<void> {
    if (this.#running) return this.#running.attempt.outcome;
    const issuer = this.#dependencies.issuer();
    const attempt = new Attempt(
      this.#dependencies.clock,
      (grant, current) => this.#redeem(issuer, grant, current, onStored),
      () => this.#changed.fire(),
    );
    const permitted = this.#dependencies.permit(issuer, attempt.signal);
    permitted.catch(() => {});
    const running: Running = { attempt, issuer, chooseAccount, permitted, flows: new Map() };
    this.#running = running;
    attempt.flow = flow;
    this.#changed.fire();
    try {
      // Cancelling must not wait for a flow that is starting.
      await Promise.race([this.#startAny(running, flow), attempt.outcome]);
      await attempt.outcome;
      this.#dependencies.log.info("Signed in");
    } catch (error) {
      attempt.fail(error);
      this.#dependencies.log.info(
        isCancelled(error) ? "Sign-in was cancelled" : `Sign-in failed: ${describeError(error)}`,
      );
      throw error;
    } finally {
      this.#running = undefined;
      this.#changed.fire();
    }
  }

  /** Starts the flow, or another that the person chooses when it cannot be had here. */
  async #startAny(running: Running, first: FlowName): Promise<void> {
    const { attempt } = running;
    let flow: FlowName | undefined = first;
    while (flow !== undefined) {
      try {
        return await this.#start(running, flow);
      } catch (error) {
        const offer = this.#dependencies.offerAnotherWay;
        const elsewhere = isProblem(error, "portInUse", "portReserved", "deviceCodeDisabled");
        if (!offer || !elsewhere || attempt.answered.aborted) throw error;
        this.#dependencies.log.info(`Asking for another way to sign in: ${describeError(error)}`);
        attempt.show(flow, "waitingForChoice");
        flow = await offer(error, attempt.answered);
      }
    }
    // Meanwhile they may have chosen elsewhere, in the panel for one.
    if (running.flows.size === 0) attempt.cancel();
  }

  async #start(running: Running, flow: FlowName): Promise<void> {
    const { attempt, issuer, chooseAccount, permitted, flows } = running;
    const { clock, log, surface } = this.#dependencies;
    const parts: FlowDependencies = {
      ...{ ...surface, clock, log, issuer, chooseAccount },
      allowedWorkspaces: this.#allowedWorkspaces(),
      onFailure: (failed, error) => this.#onFailure(running, failed, error),
    };
    const starting = permitted.then(() => startFlow(flow, attempt, parts));
    flows.set(flow, starting);
    try {
      await starting;
    } catch (error) {
      flows.delete(flow);
      throw error;
    }
  }

  /** A flow is over: the attempt goes on where another can still bring the answer, unless the person said no. */
  #onFailure(running: Running, failed: FlowName, error: unknown): void {
    const { attempt, flows } = running;
    flows.delete(failed);
    const other = (["browser", "paste"] as const).find((flow) => flows.has(flow));
    if (other === undefined || isProblem(error, "accessDenied", "timedOut")) {
      attempt.fail(error);
      return;
    }
    this.#dependencies.log.warn(`One way to sign in failed: ${describeError(error)}`);
    attempt.notify(undefined);
    if (attempt.flow === failed) attempt.show(other, other === "browser" ? "waitingForBrowser" : "waitingForLink");
    this.#dependencies.onTrouble?.(error);
  }

  async #redeem(issuer: string, grant: Grant, attempt: Attempt, onStored: SignInOptions["onStored"]): Promise<void> {
    const { accounts, clock } = this.#dependencies;
    attempt.enter("exchangingCode");
    const { date, ...tokens } = await this.#exchange(issuer, grant, attempt.signal);
    this.#checkWorkspace(issuer, tokens);
    const followUp = this.#dependencies.beginFollowUp(issuer, tokens.idToken);
    const claims = claimsOf(tokens);
    const now = clock.now();
    const id = accountIdOf(issuer, claims);
    attempt.enter("saving");
    const before = accounts.entry(id)?.credential;
    const credential: Credential = {
      version: 1,
      id,
      origin: "own",
      issuer,
      tokens,
      sequence: 0,
      signedInAt: now,
      receivedAt: now,
      clockOffset: clockOffset(clock, date, claims.issuedAt, claims.expiresAt) ?? 0,
      derivedKey: before?.derivedKey.status === "present" ? before.derivedKey : { status: "absent", why: "pending" },
      ...(before?.creditsAskedAt !== undefined && { creditsAskedAt: before.creditsAskedAt }),
    };
    await accounts.tellTogether(async () => {
      await accounts.put(credential, { activate: true });
      await onStored?.().catch((error: unknown) =>
        this.#dependencies.log.warn(`After storing the sign-in: ${describeError(error)}`),
      );
    });
    followUp(id);
  }

  async #exchange(issuer: string, grant: Grant, signal: AbortSignal): Promise<TokenSet & { date: string | undefined }> {
    try {
      return await this.#dependencies.tokenEndpoint(issuer).exchangeCode(grant, signal);
    } catch (error) {
      // The code came through a browser on this network, so the service is there: it is this connection that fails.
      const onlyHere = isProblem(
        error,
        ...(["dnsFailed", "tlsFailed", "proxyFailed", "unreachable", "regionBlocked", "edgeBlocked"] as const),
      );
      if (!onlyHere || grant.redirectUri.startsWith(issuer)) throw error;
      error.message = onlyBrowserConnected(error.message);
      throw error;
    }
  }

  /** @throws Problem `workspaceNotAllowed`, after ending the login that is not wanted */
  #checkWorkspace(issuer: string, tokens: TokenSet): void {
    const allowed = this.#allowedWorkspaces();
    if (allowed.length === 0) return;
    const workspace = readClaims(tokens.idToken)?.accountId;
    if (workspace !== undefined && allowed.includes(workspace)) return;
    void this.#dependencies
      .revoke?.(issuer, tokens.refreshToken)
      .catch((error: unknown) => this.#dependencies.log.warn(`The login was not ended: ${describeError(error)}`));
    throw new Problem("workspaceNotAllowed");
  }

  #allowedWorkspaces(): readonly string[] {
    return this.#dependencies.allowedWorkspaces?.() ?? [];
  }
}
