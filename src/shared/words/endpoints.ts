import * as l10n from "@vscode/l10n";

/** What can go wrong with the addresses that the settings name. */
export const endpointProblems = {
  endpointNotAllowed: () =>
    l10n.t(
      "Nothing was sent, because you have not allowed the service that your settings name to receive your credential. Correct the address in your settings, or allow it in “Open ChatGPT Settings”.",
    ),
  keyNotSent: () =>
    l10n.t(
      "The API key was not sent anywhere, because you have not allowed the service that “chatgptSignIn.apiBaseUrl” names. Correct the setting, or set the key again and choose “Allow”.",
    ),
  badSetting: ({ setting }: { setting: string }) =>
    l10n.t(
      "The setting “{setting}” must be an https URL (http only for this computer) without user name, query or fragment. Correct it in your user settings.",
      { setting },
    ),
};
