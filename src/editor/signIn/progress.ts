import * as vscode from "vscode";
import { systemClock } from "../../platform/clock.ts";
import type { SignInNotice, Stage } from "../../shared/panelProtocol.ts";
import type { RunningSignIn, SignIn } from "../../signin/signIn.ts";

const stages: Readonly<Record<Stage, string>> = {
  starting: "starting…",
  waitingForChoice: "waiting for you to choose another way.",
  waitingForBrowser: "waiting for you to sign in in the browser.",
  waitingForDevice: "waiting for you to enter the code on the page for device codes.",
  waitingForLink: "waiting for the address that the browser ended on.",
  exchangingCode: "completing the sign-in…",
  saving: "storing the credential…",
};

const notices: Readonly<Record<SignInNotice, string>> = {
  linkCopied: "Its link was copied: open it in a browser.",
  linkNotOpened: "VS Code did not open the page. If you copied its link, open it in a browser.",
  serviceSilent: "The service does not answer at the moment; it will be asked again.",
};

/** How often the time left is told, ms. */
const tickMs = 20_000;

/** VS Code shows these as links in the notification, whose only button is Cancel. */
const links = {
  open: "[Open page](command:chatgptSignIn.signInWithBrowser)",
  copy: "[Copy link](command:chatgptSignIn.copySignInLink)",
  device: "[Use device code](command:chatgptSignIn.signInWithDeviceCode)",
  paste: "[Paste link](command:chatgptSignIn.pasteSignInLink)",
  browser: "[Use browser](command:chatgptSignIn.signInWithBrowser)",
  code: "[Copy code](command:chatgptSignIn.copyDeviceCode)",
  codePage: "[Open its page](command:chatgptSignIn.openDevicePage)",
} as const;

/** The notification of a running sign-in: its stage, the time left, the other ways, and Cancel. */
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
        let timer = systemClock.after(0, () => {});
        let told: string | undefined;
        const report = () => {
          timer.dispose();
          const { running } = this.#signIn;
          if (!running) return resolve();
          const message = progressMessage(running, systemClock.now());
          // Told once: a screen reader reads it out each time.
          if (message !== told) progress.report({ message });
          told = message;
          timer = systemClock.after(tickMs, report);
        };
        const subscriptions = [
          this.#signIn.onDidChange(report),
          token.onCancellationRequested(() => this.#signIn.cancel()),
        ];
        report();
        await promise;
        timer.dispose();
        for (const subscription of subscriptions) subscription.dispose();
      },
    );
  }
}

/** Fixed text of ours and a code whose characters are checked: a notification renders links. */
export function progressMessage({ flow, stage, until, notice, device, hasLink }: RunningSignIn, now: number): string {
  const minutes = Math.max(1, Math.ceil((until - now) / 60_000));
  const waiting = [
    stages[stage],
    ...(notice ? [notices[notice]] : []),
    ...(stage === "waitingForDevice" && device ? [`Code: ${device.userCode}. Never share it.`] : []),
    `${minutes} min left.`,
  ];
  switch (stage) {
    case "waitingForBrowser": {
      const again = notice === undefined ? [] : [links.open];
      return [...waiting, joined(...again, links.copy, links.device, links.paste)].join(" ");
    }
    case "waitingForChoice":
      return [...waiting, joined(flow === "deviceCode" ? links.browser : links.device, links.paste)].join(" ");
    case "waitingForDevice":
      return [...waiting, joined(links.code, links.codePage, links.browser, links.paste)].join(" ");
    case "waitingForLink":
      return [...waiting, joined(links.paste, ...(hasLink ? [links.copy] : []), links.device)].join(" ");
    default:
      return stages[stage];
  }
}

function joined(...shown: string[]): string {
  return shown.join(" · ");
}
