import * as vscode from "vscode";
import type { Stage } from "../panelProtocol.ts";
import type { SignIn } from "../signin/signIn.ts";

const stages: Readonly<Record<Stage, string>> = {
  starting: "starting…",
  waitingForBrowser: "waiting for you to sign in in the browser…",
  exchangingCode: "completing the sign-in…",
  saving: "storing the credential…",
};

/** The notification of a running sign-in: its stage, and Cancel. */
export class SignInProgress {
  readonly #signIn: SignIn;
  #close: (() => void) | undefined;

  constructor(signIn: SignIn) {
    this.#signIn = signIn;
  }

  /** Shows it, or shows it anew when it may have been covered or collapsed. */
  show(): void {
    this.#close?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#close = resolve;
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: "Signing in with ChatGPT", cancellable: true },
      async (progress, token) => {
        const report = () => {
          const { running } = this.#signIn;
          if (running) progress.report({ message: stages[running.stage] });
          else resolve();
        };
        const subscriptions = [
          this.#signIn.onDidChange(report),
          token.onCancellationRequested(() => this.#signIn.cancel()),
        ];
        report();
        await promise;
        for (const subscription of subscriptions) subscription.dispose();
      },
    );
  }
}
