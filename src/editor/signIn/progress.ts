import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { systemClock } from "../../platform/clock.ts";
import type { SignInAttempt, SignInNotice, Stage } from "../../shared/panelProtocol.ts";
import type { SignIn } from "../../signin/signIn.ts";
import { commandLink } from "../vscode/commandLinks.ts";

const stages: Readonly<Record<Stage, () => string>> = {
  starting: () => l10n.t("starting…"),
  waitingForChoice: () => l10n.t("waiting for you to choose another method."),
  waitingForBrowser: () => l10n.t("waiting for you to sign in with your browser."),
  waitingForDevice: () => l10n.t("waiting for you to enter the code on the device code page."),
  waitingForLink: () => l10n.t("waiting for you to paste the redirect address."),
  redeeming: () => l10n.t("completing the sign-in…"),
  saving: () => l10n.t("saving your credential…"),
};

const notices: Readonly<Record<SignInNotice, () => string>> = {
  linkCopied: () => l10n.t("Link copied. Open it in a browser to continue."),
  linkNotOpened: () => l10n.t("VS Code didn't open the sign-in page. If you copied its link, open it in a browser."),
  pageNotReached: () =>
    l10n.t("The browser hasn't opened the sign-in page yet. If it doesn't, open the page again, or copy its link."),
  serviceSilent: () => l10n.t("The service isn't responding; retrying…"),
};

/** How often the time left is updated, ms. */
const tickMs = 20_000;

/** VS Code shows these as links in the notification, whose only button is Cancel. */
const links = {
  open: (proof: string) => commandLink(l10n.t("Open page"), "signInWithBrowser", proof),
  copy: (proof: string) => commandLink(l10n.t("Copy link"), "copySignInLink", proof),
  device: (proof: string) => commandLink(l10n.t("Use device code"), "signInWithDeviceCode", proof),
  paste: (proof: string) => commandLink(l10n.t("Paste address"), "pasteSignInLink", proof),
  browser: (proof: string) => commandLink(l10n.t("Use browser"), "signInWithBrowser", proof),
  code: (proof: string) => commandLink(l10n.t("Copy code"), "copyDeviceCode", proof),
  codePage: (proof: string) => commandLink(l10n.t("Open page"), "openDevicePage", proof),
} as const;

/** The notification of a running sign-in: its stage, the time left, the other methods, and Cancel. */
export class SignInProgress {
  readonly #signIn: SignIn;
  readonly #linkProof: string;
  #close: (() => void) | undefined;

  /** @param linkProof see `commandLink` */
  constructor(signIn: SignIn, linkProof: string) {
    this.#signIn = signIn;
    this.#linkProof = linkProof;
  }

  /** Shows it, also when it was covered or collapsed. */
  show(): void {
    this.#close?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#close = resolve;
    const title = l10n.t("Signing in with ChatGPT");
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        let timer = systemClock.after(0, () => {});
        let told: string | undefined;
        const report = () => {
          timer.dispose();
          const { running } = this.#signIn;
          if (!running) return resolve();
          const message = progressMessage(running, systemClock.now(), this.#linkProof);
          // Reported once: a screen reader reads it out each time.
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

/**
 * Our own words, and a code whose characters are checked: a notification renders links.
 * @param linkProof see `commandLink`
 */
export function progressMessage(attempt: SignInAttempt, now: number, linkProof: string): string {
  const stage = stages[attempt.stage]();
  if (!("until" in attempt)) return stage;
  const notice = "notice" in attempt && attempt.notice ? [notices[attempt.notice]()] : [];
  const code = attempt.stage === "waitingForDevice" ? [codeSentence(attempt.device.userCode)] : [];
  const minutes = Math.max(1, Math.ceil((attempt.until - now) / 60_000));
  const left = l10n.t("{minutes} min left.", { minutes });
  return [stage, ...notice, ...code, left, linksOf(attempt, linkProof).join(" · ")].join(" ");
}

function codeSentence(code: string): string {
  return l10n.t("Code: {code}. Never share it.", { code });
}

function linksOf(attempt: Extract<SignInAttempt, { until: number }>, proof: string): string[] {
  switch (attempt.stage) {
    case "waitingForChoice":
      return [attempt.failed === "deviceCode" ? links.browser(proof) : links.device(proof), links.paste(proof)];
    case "waitingForBrowser":
      return [
        ...(attempt.notice ? [links.open(proof)] : []),
        links.copy(proof),
        links.device(proof),
        links.paste(proof),
      ];
    case "waitingForDevice":
      return [links.code(proof), links.codePage(proof), links.browser(proof), links.paste(proof)];
    case "waitingForLink":
      return [links.paste(proof), links.copy(proof), links.device(proof)];
  }
}
