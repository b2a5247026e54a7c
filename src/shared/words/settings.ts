import * as l10n from "@vscode/l10n";

/** What can go wrong when a setting is written. */
export const settingProblems = {
  modeNotSaved: () =>
    l10n.t(
      "VS Code couldn't save the setting “chatgptSignIn.authMode”. Check that your user settings have no errors or unsaved changes, then choose the mode in ChatGPT Settings.",
    ),
};
