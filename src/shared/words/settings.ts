import * as l10n from "@vscode/l10n";

/** What can go wrong with a setting. */
export const settingProblems = {
  modeNotSaved: () =>
    l10n.t(
      "VS Code couldn't save the setting “chatgptSignIn.authMode”. Check that your user settings have no errors or unsaved changes, then choose the mode in ChatGPT Settings.",
    ),
  allowedWorkspacesUnusable: () =>
    l10n.t(
      "The setting “chatgptSignIn.allowedWorkspaces” must be a list of ChatGPT workspace IDs. No ChatGPT account is used until you correct it in your user settings.",
    ),
};
