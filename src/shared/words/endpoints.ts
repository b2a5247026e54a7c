import * as l10n from "@vscode/l10n";

/** What can go wrong with the addresses in the settings. */
export const endpointProblems = {
  endpointNotAllowed: () =>
    l10n.t(
      "Your credential wasn't sent because you haven't allowed the address in your settings. Correct the address, or allow it in ChatGPT Settings.",
    ),
  keyNotSent: () =>
    l10n.t(
      "The API key wasn't sent because you haven't allowed the address in “chatgptSignIn.apiBaseUrl”. Correct the setting, or set the key again and choose “Allow”.",
    ),
  badSetting: ({ setting }: { setting: string }) =>
    l10n.t(
      "The setting “{setting}” must be an https URL (http is allowed only for this computer) without a user name, query, or fragment. Correct it in your user settings.",
      { setting },
    ),
};
