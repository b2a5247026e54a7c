import * as l10n from "@vscode/l10n";

/** What can go wrong with an OpenAI API key. */
export const apiKeyProblems = {
  noEnvironmentKey: () => l10n.t("There is no OpenAI API key in OPENAI_API_KEY of VS Code's environment."),
  noApiKey: () => l10n.t("No OpenAI API key is set. Run “Set OpenAI API Key” first."),
  noDerivedKey: () =>
    l10n.t(
      "This ChatGPT account has no OpenAI API key. “Open ChatGPT Settings” says why; “Set OpenAI API Key” is the other way.",
    ),
  keyRejected: () => l10n.t("OpenAI does not accept this API key. The key that was set before stays in use."),
};
