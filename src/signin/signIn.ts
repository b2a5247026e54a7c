import type { Accounts } from "../account/accounts.ts";
import { accountIdOf, type Credential, claimsOf } from "../account/credential.ts";
import { hashOf, type Rotations } from "../account/rotations.ts";
import type { TokenEndpoint } from "../oauth/tokenEndpoint.ts";
import type { Stage } from "../panelProtocol.ts";
import type { Clock } from "../platform/clock.ts";
import { Emitter } from "../platform/emitter.ts";
import { clockOffset } from "../platform/issuerClock.ts";
import { describeError, type Logger } from "../platform/logger.ts";
import { Attempt, type Grant, isCancelled } from "./attempt.ts";

export interface SignInParts {
  accounts: Accounts;
  rotations: Rotations;
  tokenEndpoint: (issuer: string) => TokenEndpoint;
  clock: Clock;
  log: Logger;
  /** Starts the flow of an attempt; resolves with the way to bring its page forward again. */
  startFlow: (attempt: Attempt, issuer: string) => Promise<() => Promise<void>>;
  /** The issuer of the settings. @throws SettingProblem */
  issuer: () => string;
  /** Starts what follows a sign-in and must not hold it up; what comes back is called when the credential is stored. */
  beginFollowUp: (issuer: string, idToken: string) => (id: string) => void;
}

const noteDelayMs = 200;

/** The sign-in that is running, if one is: there is one at most. */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #changed: Emitter<void>;
  #attempt: Attempt | undefined;
  #bringForward: (() => Promise<void>) | undefined;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.#changed = new Emitter((error) =>
      parts.log.error(`A listener of the sign-in failed: ${describeError(error)}`),
    );
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get running(): { stage: Stage; since: number } | undefined {
    return this.#attempt && { stage: this.#attempt.stage, since: this.#attempt.since };
  }

  cancel(): void {
    this.#attempt?.cancel();
  }

  /** Opens the running sign-in's page again. */
  async bringForward(): Promise<void> {
    await this.#bringForward?.();
  }

  /**
   * Starts a sign-in. Resolves when the credential is stored; while one is running, with that one's outcome.
   * @throws Problem or SettingProblem; whoever was signed in before still is
   */
  async run(): Promise<void> {
    if (this.#attempt) return this.#attempt.outcome;
    const issuer = this.#parts.issuer();
    const attempt = new Attempt(
      this.#parts.clock,
      (grant, current) => this.#redeem(issuer, grant, current),
      () => this.#changed.fire(),
    );
    this.#attempt = attempt;
    this.#changed.fire();
    try {
      this.#bringForward = await this.#parts.startFlow(attempt, issuer);
      await attempt.outcome;
      this.#parts.log.info("Signed in");
    } catch (error) {
      attempt.fail(error);
      this.#parts.log.info(isCancelled(error) ? "Sign-in was cancelled" : `Sign-in failed: ${describeError(error)}`);
      throw error;
    } finally {
      this.#attempt = undefined;
      this.#bringForward = undefined;
      this.#changed.fire();
    }
  }

  async #redeem(issuer: string, grant: Grant, attempt: Attempt): Promise<void> {
    const { accounts, rotations, clock, log } = this.#parts;
    attempt.enter("exchangingCode");
    const { date, ...tokens } = await this.#parts.tokenEndpoint(issuer).exchangeCode(grant, attempt.signal);
    const followUp = this.#parts.beginFollowUp(issuer, tokens.idToken);
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
      clockOffset: clockOffset(clock, date, claims.issuedAt),
      derivedKey: before?.derivedKey.status === "present" ? before.derivedKey : { status: "absent", why: "pending" },
      ...(before?.creditsAskedAt !== undefined && { creditsAskedAt: before.creditsAskedAt }),
    };
    await accounts.put(credential, { activate: true });
    // Written when the person has been served: for other windows there is no hurry.
    clock.after(noteDelayMs, () => {
      rotations
        .write({ account: id, sequence: 0, hash: hashOf(tokens.refreshToken), at: now })
        .catch((error: unknown) => log.warn(`The rotation was not noted: ${describeError(error)}`));
    });
    followUp(id);
  }
}
