import * as l10n from "@vscode/l10n";

/** What can go wrong while a person signs in. */
export const signInProblems = {
  cancelled: () => l10n.t("Sign-in was canceled."),
  timedOut: () =>
    l10n.t(
      "Sign-in wasn't completed in time (10 minutes, or 15 with a device code). Run “Sign in with ChatGPT” again.",
    ),
  portInUse: () =>
    l10n.t(
      "Sign-in needs port 1455 or 1457 on this computer, but neither is available. Close the programs that use them or finish their sign-in, then try again.",
    ),
  portReserved: () =>
    l10n.t(
      "The system doesn't allow listening on ports 1455 and 1457. On Windows, they may be reserved: run “net stop winnat” and “net start winnat” as administrator, then try again.",
    ),
  browserFailed: () =>
    l10n.t("The browser couldn't be opened. Try again, or check which browser opens links on your system."),
  openedTwice: () =>
    l10n.t(
      "The sign-in page was opened twice, perhaps by another user of this computer, so sign-in was stopped. Run “Sign in with ChatGPT” again. If it keeps happening, sign in with a device code.",
    ),
  accessDenied: () =>
    l10n.t("Access was denied or canceled on the sign-in page. Run “Sign in with ChatGPT” to try again."),
  noEntitlement: () =>
    l10n.t(
      "Your ChatGPT account doesn't include Codex. Ask the administrator of your ChatGPT workspace for access, then sign in again.",
    ),
  issuerError: () =>
    l10n.t("The sign-in page reported an error. Try again. If it keeps happening, check the log for the error code."),
  deviceCodeDisabled: () =>
    l10n.t(
      "Device codes aren't enabled for your ChatGPT account. Turn on “device code authorization for Codex” in ChatGPT under Settings > Security (in a managed ChatGPT workspace, ask its administrator), or sign in with the browser.",
    ),
  pasteNotAnAddress: () =>
    l10n.t(
      "Paste the whole address from the browser's address bar. It starts with http://localhost:1455/auth/callback or http://localhost:1457/auth/callback. A code alone isn't enough.",
    ),
  pasteSignInPage: () =>
    l10n.t(
      "This is the address of the sign-in page. Sign in there first, then paste the address that the browser ends on. It starts with http://localhost.",
    ),
  pasteOtherSignIn: () =>
    l10n.t(
      "This address belongs to another sign-in. Paste the address of the page that was opened last, or open the sign-in page again.",
    ),
  pasteOtherIssuer: () =>
    l10n.t(
      "This address came from another sign-in service. Sign in on the page that VS Code opened, then paste the address that the browser ends on. If this keeps happening, check the setting “chatgptSignIn.issuer”.",
    ),
  workspaceNotAllowed: () =>
    l10n.t(
      "The setting “chatgptSignIn.allowedWorkspaces” doesn't allow this ChatGPT workspace, so nothing was saved. Sign in to an allowed one, or correct the setting.",
    ),
  noAccountNamed: () =>
    l10n.t(
      "The sign-in service's response named no account, so nobody was signed in. Run “Sign in with ChatGPT” to try again.",
    ),
  unusableWorkspace: () =>
    l10n.t(
      "The sign-in service named a ChatGPT workspace whose ID contains characters that aren't allowed, so nothing was saved. Run “Sign in with ChatGPT” to try again.",
    ),
  missingCode: () => l10n.t("The sign-in page sent no authorization code. Run “Sign in with ChatGPT” to try again."),
  exchangeRefused: () =>
    l10n.t("The sign-in service refused to complete the sign-in. Run “Sign in with ChatGPT” to try again."),
  saveFailed: () =>
    l10n.t("VS Code couldn't save your credentials. Check that the system's keyring is unlocked, then try again."),
  signInNotAllowed: () =>
    l10n.t(
      "You weren't signed in because you haven't allowed the service in your settings. Correct the addresses in your settings, or try again and choose “Allow”.",
    ),
};

/** The sentence of a problem that only VS Code has: the person's browser has just reached the same service. */
export function onlyBrowserConnected(reason: string): string {
  return l10n.t("Your browser reached the sign-in service, but VS Code didn't. {reason}", { reason });
}
