import * as l10n from "@vscode/l10n";

/** What can go wrong with the Codex CLI, with a linked account, and with a hand-off. */
export const codexProblems = {
  codexHomeInvalid: () =>
    l10n.t(
      "The environment variable CODEX_HOME must be the full path of an existing folder. Correct or unset it, then restart VS Code.",
    ),
  codexNotFound: () =>
    l10n.t(
      "The Codex CLI wasn't found. Install it or set its full path in “chatgptSignIn.codexPath”, or sign in with ChatGPT here.",
    ),
  codexPathNotAbsolute: () =>
    l10n.t("The setting “chatgptSignIn.codexPath” must be a full path. Correct it in your user settings."),
  codexPathNotExecutable: () =>
    l10n.t(
      "The setting “chatgptSignIn.codexPath” doesn't name a program that can be started. Correct it in your user settings.",
    ),
  codexInsideWorkspace: () =>
    l10n.t(
      "The Codex CLI was found only inside an open folder and isn't started from there. Install it outside, or set “chatgptSignIn.codexPath”.",
    ),
  loginInsideWorkspace: () =>
    l10n.t(
      "The linked login is in an open folder, where the Codex CLI isn't started. Close that folder, or link a login from elsewhere.",
    ),
  codexNotStarted: () =>
    l10n.t(
      "The Codex CLI couldn't be started. Install it or set its full path in “chatgptSignIn.codexPath”, or sign in with ChatGPT here.",
    ),
  codexHung: () =>
    l10n.t(
      "The Codex CLI didn't respond in time. Check that “codex login status” works in a terminal, then try again.",
    ),
  codexDied: () =>
    l10n.t(
      "The Codex CLI exited without a response. Check that “codex login status” works in a terminal, then try again.",
    ),
  codexTooOld: () =>
    l10n.t("The Codex CLI is too old to share its login. Update it (“npm install -g @openai/codex”), then try again."),
  codexOtherProgram: () =>
    l10n.t(
      "The program “codex” didn't respond like the Codex CLI. Set the right one in “chatgptSignIn.codexPath”, or sign in with ChatGPT here.",
    ),
  codexRefused: () =>
    l10n.t("The Codex CLI couldn't complete the request. Run “codex login” in a terminal, then try again."),
  codexStopped: () => l10n.t("The request to the Codex CLI was stopped. Try again."),
  codexSignedOut: () =>
    l10n.t("The Codex CLI isn't signed in with ChatGPT. Run “codex login” in a terminal, then try again."),
  codexLoginTimedOut: () =>
    l10n.t("The Codex CLI's sign-in wasn't completed within 10 minutes. Run “Export to Codex CLI” again."),
  linkedNotRefreshed: () => l10n.t("The Codex CLI couldn't refresh its login. Try again in a few minutes."),
  linkedLoginNotFound: () =>
    l10n.t(
      "The Codex CLI can't find its login, perhaps because of a mistake in its “config.toml”. Run “codex login status” in a terminal, correct what it reports, then try again.",
    ),
  loginNotInUse: () =>
    l10n.t(
      "The Codex CLI doesn't use this login, so your sign-in here was kept. Check “codex login status” in a terminal, then try again.",
    ),
  loginNotConfirmed: () =>
    l10n.t(
      "You're already signed in with this account. Without the Codex CLI it's unclear whether this login still works, so your sign-in here was kept. Install the Codex CLI, or sign out here first.",
    ),
  handOffNoWorkspace: () =>
    l10n.t(
      "This sign-in names no ChatGPT workspace, and without one the Codex CLI can't refresh it. Choose “Let Codex CLI Sign In” instead.",
    ),
  handOffOtherIssuer: () =>
    l10n.t(
      "This sign-in is from a custom sign-in service, where the Codex CLI can't refresh it. Choose “Let Codex CLI Sign In” instead.",
    ),
  handOffApiKeyOnly: () =>
    l10n.t(
      "The Codex CLI's setting “forced_login_method” allows only an API key. Remove that setting from its “config.toml”, then try again.",
    ),
  handOffOtherWorkspace: () =>
    l10n.t(
      "The Codex CLI's setting “forced_chatgpt_workspace_id” requires another ChatGPT workspace. Sign in with that one, then try again.",
    ),
  handOffUnknownStore: () =>
    l10n.t(
      "It's unclear where the Codex CLI stores its login. Check its “config.toml” and the setting “cli_auth_credentials_store” in it, then try again.",
    ),
  handOffOtherStore: () =>
    l10n.t(
      "The Codex CLI doesn't store its login in “auth.json”, because of its setting “cli_auth_credentials_store”. Choose “Let Codex CLI Sign In” instead.",
    ),
  handOffOtherLogin: () =>
    l10n.t(
      "The Codex CLI uses a login other than the one in its “auth.json”, so it would ignore a new file. Run “codex logout” in a terminal, or choose “Let Codex CLI Sign In”.",
    ),
  handOffNoRules: () =>
    l10n.t(
      "The Codex CLI didn't report its settings, so nothing was handed over. Run “codex login status” in a terminal to check its “config.toml” for mistakes. If there are none, choose “Let Codex CLI Sign In” instead.",
    ),
  handOffNotTaken: () =>
    l10n.t(
      "The Codex CLI didn't accept the sign-in. Its login is unchanged, and you're still signed in here. Choose “Let Codex CLI Sign In” instead.",
    ),
  handOffChanged: () =>
    l10n.t(
      "The Codex CLI's login changed while the sign-in was being handed over, so it was left as it is. You're still signed in here. Check “codex login status” in a terminal before you try again.",
    ),
  handOffChangedWithBackup: () =>
    l10n.t(
      "The Codex CLI's login changed while the sign-in was being handed over, so it was left as it is. You're still signed in here. Check “codex login status” in a terminal before you try again. A backup of its earlier login was kept beside its “auth.json”.",
    ),
  handOffNotRestored: () =>
    l10n.t(
      "You're still signed in here, but the Codex CLI's “auth.json” couldn't be restored. Check its folder's permissions and the free disk space.",
    ),
  handOffNotRestoredWithBackup: () =>
    l10n.t(
      "You're still signed in here, but the Codex CLI's “auth.json” couldn't be restored. Check its folder's permissions and the free disk space. A backup of its earlier login was kept beside it.",
    ),
};
