import * as l10n from "@vscode/l10n";

/** What can go wrong with a stored credential. */
export const accountProblems = {
  notSignedIn: () => l10n.t("You're not signed in with ChatGPT. Run “Sign in with ChatGPT” first."),
  needsSignIn: () => l10n.t("Your ChatGPT sign-in is no longer accepted. Run “Sign in with ChatGPT” again."),
  notSendable: () =>
    l10n.t(
      "Your credential contains characters that can't be sent, so the request wasn't made. Sign in again, or set your API key again.",
    ),
  accountNotAllowed: () =>
    l10n.t(
      "The setting “chatgptSignIn.allowedWorkspaces” doesn't allow this account's ChatGPT workspace, so the account isn't used. Switch to an allowed account, or sign in with one.",
    ),
  accountMismatch: () =>
    l10n.t(
      "The refreshed credential belongs to a different account and was discarded. If this keeps happening, sign in again.",
    ),
  linkEnded: () =>
    l10n.t(
      "The linked login of the Codex CLI can no longer be used. Run “Import from Codex CLI” again, or sign in with ChatGPT.",
    ),
  staleWindow: () => l10n.t("Another window changed the ChatGPT sign-in. Reload this window to continue."),
  busyElsewhere: () => l10n.t("Another window is busy with the ChatGPT credential. Try again in a minute."),
  notYetAccepted: () =>
    l10n.t("The service doesn't accept the ChatGPT credential that it just issued. Try again in a minute."),
  corruptStore: () =>
    l10n.t("Your saved ChatGPT credential couldn't be read; a backup was kept. Sign in again to continue."),
  newerStore: () =>
    l10n.t(
      "Your saved ChatGPT credential was written by a newer version of this extension. Update the extension, or sign in again.",
    ),
  notKept: () =>
    l10n.t(
      "Your saved ChatGPT credential is gone; the system's keyring seems to keep secrets only in memory. Set up a keyring such as gnome-keyring, then sign in again.",
    ),
  keyringFailed: () =>
    l10n.t("VS Code's secret storage failed. Check that the system's keyring is unlocked, then try again."),
  keyringSilent: () =>
    l10n.t(
      "VS Code's secret storage didn't respond. Check whether the system's keyring is asking for its password, then try again.",
    ),
};
