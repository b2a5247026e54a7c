import * as l10n from "@vscode/l10n";

/** What can go wrong when another extension asks for a session. */
export const sessionProblems = {
  unknownScopes: () => l10n.t("Ask for one scope, “openai.api-key” or “chatgpt”, or for none."),
};
