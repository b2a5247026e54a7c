import * as l10n from "@vscode/l10n";

/** What can go wrong with an OpenAI API key. */
export const apiKeyProblems = {
  noEnvironmentKey: () =>
    l10n.t("There's no OpenAI API key in OPENAI_API_KEY of VS Code's environment. Run “Set OpenAI API Key” instead."),
  environmentKeyUnusable: () =>
    l10n.t(
      "OPENAI_API_KEY of VS Code's environment doesn't contain a valid OpenAI API key. Correct it and restart VS Code, or run “Set OpenAI API Key”.",
    ),
  keyUnusable: () =>
    l10n.t("This API key contains characters that aren't allowed. Copy the key again, then run “Set OpenAI API Key”."),
  noApiKey: () =>
    l10n.t("No OpenAI API key is available. Run “Set OpenAI API Key”, or run “Open ChatGPT Settings” for details."),
  noDerivedKey: () =>
    l10n.t(
      "This ChatGPT account has no API key. Run “Open ChatGPT Settings” to see why, or “Set OpenAI API Key” to use your own.",
    ),
  keyRejected: () =>
    l10n.t("OpenAI didn't accept this API key. Check the key, or set another one with “Set OpenAI API Key”."),
};
