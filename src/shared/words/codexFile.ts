import * as l10n from "@vscode/l10n";

/** What can go wrong with an auth.json: the Codex CLI's own, one that a person chose, or one that was pasted. */
export const codexFileProblems = {
  authFileMissing: () =>
    l10n.t(
      "There is no login file of the Codex CLI. Run “codex login” in a terminal, choose a file, or sign in with ChatGPT here.",
    ),
  authFileDenied: () =>
    l10n.t("You don't have permission to read this login file. Correct its permissions, then try again."),
  authFileNotAFile: () => l10n.t("This isn't a file. Choose the file “auth.json” in the folder “.codex”."),
  authFileUnreadable: () => l10n.t("The login file couldn't be read. Check the disk it's on, then try again."),
  authFileTooLarge: () =>
    l10n.t("This is too large for a login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”."),
  authFileNotText: () =>
    l10n.t("This isn't UTF-8 text. Choose the file “auth.json” as the Codex CLI wrote it, without converting it."),
  authFileEmpty: () => l10n.t("The login file is empty. Run “codex login” in a terminal, then try again."),
  authFileHtml: () =>
    l10n.t(
      "This is a web page, not a login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”.",
    ),
  authFileNotJson: () =>
    l10n.t(
      "The login file is damaged: it isn't valid JSON. Run “codex login” in a terminal to create a new one, then try again.",
    ),
  codexFileUnusable: () =>
    l10n.t(
      "The Codex CLI's “auth.json” isn't a login file. Rename or delete it, run “codex login” in a terminal, then try again.",
    ),
  authFileNamesNobody: () =>
    l10n.t(
      "The Codex CLI's login doesn't name the account that it belongs to. Run “codex login” in a terminal, then try again.",
    ),
  authFileOther: () =>
    l10n.t("This isn't a login file of the Codex CLI. Choose the file “auth.json” in the folder “.codex”."),
  authFileDuplicateKeys: () =>
    l10n.t(
      "The login file contains a setting twice, so it's unclear which one applies. Run “codex login” in a terminal to create a new one, then try again.",
    ),
  authFileWrongShape: () =>
    l10n.t(
      "The login file is damaged: a part of it has the wrong type. Run “codex login” in a terminal to create a new one, then try again.",
    ),
  authFileBadCharacters: () =>
    l10n.t(
      "A token or key in the login file contains characters that aren't allowed. Run “codex login” in a terminal to create a new one, then try again.",
    ),
  authFileBadIdToken: () =>
    l10n.t(
      "The ID token in the login file couldn't be read. Run “codex login” in a terminal to create a new one, then try again.",
    ),
  authFileIncomplete: () =>
    l10n.t(
      "Some tokens are missing from the login file. Run “codex login” in a terminal to create a new one, then try again.",
    ),
  authFileNoCredential: () =>
    l10n.t("The login file contains no login. Run “codex login” in a terminal, then try again."),
  authFileOtherProgram: () =>
    l10n.t(
      "Another program supplies the Codex CLI with these tokens, so they can't be shared. Sign in with ChatGPT here instead.",
    ),
  authFileHeaders: () =>
    l10n.t("This login uses custom request headers, which can't be shared. Sign in with ChatGPT here instead."),
  authFileAgent: () => l10n.t("This login belongs to an agent, not to a person. Sign in with ChatGPT here instead."),
  authFilePersonalToken: () =>
    l10n.t(
      "This login is a personal access token, which this extension doesn't support. Sign in with ChatGPT here instead.",
    ),
  authFileBedrock: () =>
    l10n.t("This login is for Amazon Bedrock, not for ChatGPT. Sign in with ChatGPT here instead."),
  authFileUnknownKind: () =>
    l10n.t(
      "This version of the extension doesn't support this kind of login. Update the extension, or sign in with ChatGPT here instead.",
    ),
  authFileChanged: () =>
    l10n.t(
      "The Codex CLI's login file has changed in the meantime, so it was not overwritten. Try again with its new content.",
    ),
  authFileNotWritten: () =>
    l10n.t(
      "The Codex CLI's login file couldn't be written and was left unchanged. Check its folder's permissions and the free disk space, then try again.",
    ),
  authFileExists: () =>
    l10n.t(
      "The Codex CLI already has a login file, which was not overwritten. Try again, and confirm that it may be replaced.",
    ),
};
