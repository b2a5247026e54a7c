import * as l10n from "@vscode/l10n";

/** What can go wrong while somebody signs in. */
export const signInProblems = {
  cancelled: () => l10n.t("Sign-in was cancelled."),
  timedOut: () =>
    l10n.t(
      "Sign-in was not completed in time (10 minutes, or 15 with a device code). Run “Sign in with ChatGPT” again.",
    ),
  portInUse: () =>
    l10n.t(
      "Sign-in needs port 1455 or 1457 on this computer, and other programs are using both (perhaps another sign-in). Finish or close those, then try again.",
    ),
  portReserved: () =>
    l10n.t(
      "The system does not allow listening on ports 1455 and 1457. On Windows they may be reserved: run “net stop winnat” and “net start winnat” as administrator, then try again.",
    ),
  browserFailed: () =>
    l10n.t("The browser could not be opened. Try again, or check which browser your system opens links with."),
  accessDenied: () =>
    l10n.t("The sign-in page reported that access was denied or cancelled. Run “Sign in with ChatGPT” to try again."),
  noEntitlement: () =>
    l10n.t(
      "Your ChatGPT account does not include Codex. Ask the administrator of your ChatGPT workspace for access, then sign in again.",
    ),
  issuerError: () => l10n.t("The sign-in page reported an error. Try again; if it persists, the log has its code."),
  deviceCodeDisabled: () =>
    l10n.t(
      "Signing in with a device code is not enabled for your ChatGPT account. Turn on “device code authorization for Codex” in ChatGPT under Settings, Security (in a managed ChatGPT workspace, ask its administrator), or sign in with the browser.",
    ),
  pasteNotAnAddress: () =>
    l10n.t(
      "Paste the whole address from the browser's address bar; it starts with http://localhost:1455/auth/callback or http://localhost:1457/auth/callback. A code alone is not enough.",
    ),
  pasteSignInPage: () =>
    l10n.t(
      "This is the address of the sign-in page itself. Sign in there first, then paste the address that the browser ends on: it starts with http://localhost.",
    ),
  pasteOtherSignIn: () =>
    l10n.t(
      "This address belongs to another sign-in. Paste the one of the page that was opened last, or open the sign-in page again.",
    ),
  workspaceNotAllowed: () =>
    l10n.t(
      "You signed in to a ChatGPT workspace that the setting “chatgptSignIn.allowedWorkspaces” does not allow, so nothing was stored. Sign in again and choose an allowed ChatGPT workspace.",
    ),
  missingCode: () => l10n.t("The sign-in page sent no authorization code. Run “Sign in with ChatGPT” to try again."),
  exchangeRefused: () =>
    l10n.t("The sign-in service refused to complete the sign-in. Run “Sign in with ChatGPT” to try again."),
  saveFailed: () =>
    l10n.t("VS Code could not store your credentials. Check that the system's keyring is unlocked, then try again."),
  signInNotAllowed: () =>
    l10n.t(
      "You were not signed in, because you have not allowed the service that your settings name. Correct the addresses in your settings, or sign in again and choose “Allow”.",
    ),
};

/** Put before the sentence of a problem that only VS Code has: the person's browser has just reached the same service. */
export function onlyBrowserConnected(reason: string): string {
  return l10n.t("Your browser reached the sign-in service, but VS Code did not. {reason}", { reason });
}
