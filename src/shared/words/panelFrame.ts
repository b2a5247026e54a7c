import * as l10n from "@vscode/l10n";

/** What the page says before it knows more: the extension writes it into the page, and the panel's script takes it over. */
export const frameWords = {
  title: () => l10n.t("ChatGPT Settings"),
  subtitle: () => l10n.t("Unofficial. Not made by OpenAI."),
  loading: () => l10n.t("Loading…"),
  reload: () => l10n.t("If this takes too long, run “Developer: Reload Window” from the Command Palette."),
};
