import * as l10n from "@vscode/l10n";

/** What can go wrong with a stored credential. */
export const accountProblems = {
  notSignedIn: () => l10n.t("You are not signed in with ChatGPT. Run “Sign in with ChatGPT” first."),
  needsSignIn: () => l10n.t("Your ChatGPT sign-in is no longer accepted. Run “Sign in with ChatGPT” again."),
  accountMismatch: () =>
    l10n.t("The service answered for another account, so its answer was not used. Sign in again if this persists."),
  linkEnded: () =>
    l10n.t(
      "The Codex CLI is no longer signed in with the account that is linked here. Run “Import from Codex CLI” again, or sign in with ChatGPT here.",
    ),
  staleWindow: () => l10n.t("Another window has changed the ChatGPT sign-in. Reload this window to go on."),
  busyElsewhere: () =>
    l10n.t(
      "Another window is renewing the ChatGPT credential and has not finished. Nothing was lost; try again in a minute.",
    ),
  notYetAccepted: () =>
    l10n.t(
      "The service does not accept the ChatGPT credential that it has just issued. Nothing was lost; try again in a minute.",
    ),
  corruptStore: () =>
    l10n.t(
      "The stored ChatGPT credential could not be read. Run “Sign in with ChatGPT” to go on; the unreadable one is kept aside.",
    ),
  newerStore: () =>
    l10n.t(
      "The stored ChatGPT credential was written by a newer version of this extension. Update the extension, or sign in again.",
    ),
  notKept: () =>
    l10n.t(
      "The ChatGPT credential stored last time is gone: this system's keyring seems to keep secrets in memory only. Set up a keyring (such as gnome-keyring), then sign in again.",
    ),
  keyringFailed: () =>
    l10n.t(
      "VS Code's secret storage, which uses the system's keyring, failed. Nothing was lost. Check that the keyring is unlocked, then try again.",
    ),
  keyringSilent: () =>
    l10n.t(
      "VS Code's secret storage, which uses the system's keyring, did not answer in time. Check whether the keyring is asking for its password, then try again.",
    ),
};
