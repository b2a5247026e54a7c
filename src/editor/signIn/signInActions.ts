import type { Account } from "../../account/state.ts";
import { systemClock } from "../../platform/clock.ts";
import type { FlowName } from "../../shared/panelProtocol.ts";
import type { SignIn, SignInOptions } from "../../signin/signIn.ts";
import type { Activity } from "../activity.ts";
import type { Notifications } from "../vscode/notifications.ts";
import { switchAuthMode } from "./authModeSwitch.ts";
import { SignInProgress } from "./progress.ts";
import { signedInSentence } from "./signedInReport.ts";

export interface SignInActionsDependencies {
  signIn: SignIn;
  activity: Activity;
  notifications: Notifications;
  /** See `commandLink`. */
  linkProof: string;
}

/** Starting a sign-in, and going on with another method. Failures are shown. */
export class SignInActions {
  readonly #dependencies: SignInActionsDependencies;
  readonly #progress: SignInProgress;

  constructor(dependencies: SignInActionsDependencies) {
    this.#dependencies = dependencies;
    this.#progress = new SignInProgress(dependencies.signIn, dependencies.linkProof);
  }

  /** Signs in, or brings a running sign-in forward. */
  async signIn(options: SignInOptions = {}): Promise<void> {
    const { signIn, activity, notifications } = this.#dependencies;
    if (signIn.running) {
      this.#progress.show();
      return this.#goOn(() => signIn.bringForward());
    }
    await activity.run("Signing in", async () => {
      const onStored = () => switchAuthMode("chatgpt", notifications, systemClock);
      const done = signIn.run({ ...options, onStored });
      this.#progress.show();
      notifications.info(signedInSentence(await done));
    });
  }

  /** Goes on with another method, or starts with it. */
  async signInWith(flow: FlowName): Promise<void> {
    const { signIn } = this.#dependencies;
    if (!signIn.running) return this.signIn({ flow });
    this.#progress.show();
    await this.#goOn(() => signIn.switchTo(flow));
  }

  /**
   * Signs in for a session of another extension.
   * @returns the account that was signed in, active or not by now
   * @throws what the sign-in failed with, which has been shown
   */
  async signInForSession(options: SignInOptions): Promise<Account> {
    const shown = this.signIn(options);
    const account = await this.#dependencies.signIn.run(options);
    await shown;
    return account;
  }

  /** Shows that a method failed while the sign-in goes on. */
  readonly tellTrouble = (error: unknown): void => {
    this.#dependencies.activity.fail("One sign-in method", error);
  };

  /** Does something for the running sign-in, which goes on when that fails. */
  async #goOn(work: () => Promise<void>): Promise<void> {
    const { signIn, activity } = this.#dependencies;
    await activity.run("One sign-in method", async () => {
      try {
        await work();
      } catch (error) {
        // When the sign-in itself has ended, whoever waits for its outcome shows why.
        if (signIn.running) throw error;
      }
    });
  }
}
