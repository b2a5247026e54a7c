import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import type { Answer, Consumer } from "./answers.ts";
import { unknownExtension, vscodeItself } from "./askers.ts";
import { extensionName, nameAndId } from "./extensionName.ts";

/**
 * Asks the person in a modal dialog whether an extension may use models.
 * @param payer the label of the account that pays, or the key as it is shown; undefined where it is not known
 * @returns nothing when the person puts the answer off
 */
export async function askForConsumer(
  { extension, pays }: Consumer,
  payer: string | undefined,
): Promise<Answer | undefined> {
  // Enter presses the first button, and Escape the one that closes: neither allows anything.
  const refuse = { title: l10n.t("Don't Allow") };
  const allow = { title: l10n.t("Allow") };
  const later = { title: l10n.t("Not Now"), isCloseAffordance: true };
  const change = l10n.t("You can change your answer later in ChatGPT Settings.");
  const options = { modal: true, detail: [who(extension), costs[pays](payer), change].join("\n\n") };
  const answer = await vscode.window.showWarningMessage(question(extension, pays), options, refuse, allow, later);
  return answer === allow ? "allowed" : answer === refuse ? "refused" : undefined;
}

/**
 * Tells the person in a notification that the settings allow an extension to use models.
 * @returns nothing when the notification is closed without an answer, which another extension can do, too
 */
export async function tellOfSetting({ extension, pays }: Consumer): Promise<Answer | undefined> {
  const text =
    pays === "plan"
      ? l10n.t(
          "{extension} uses your ChatGPT plan: the setting “chatgptSignIn.allowedExtensions” allows it. Any extension can change settings.",
          { extension: nameAndId(extension) },
        )
      : l10n.t(
          "{extension} uses your OpenAI API key: the setting “chatgptSignIn.allowedExtensions” allows it. Any extension can change settings.",
          { extension: nameAndId(extension) },
        );
  // Another extension can press a notification's first button.
  const refuse = l10n.t("Don't Allow");
  const allow = l10n.t("Keep Allowing");
  const answer = await vscode.window.showWarningMessage(text, refuse, allow);
  return answer === allow ? "allowed" : answer === refuse ? "refused" : undefined;
}

function who(extension: string): string {
  if (extension === unknownExtension) {
    return l10n.t(
      "VS Code doesn't say which extension is asking. Your answer applies to all extensions that it doesn't name.",
    );
  }
  if (extension === vscodeItself) {
    return l10n.t(
      "VS Code sends such requests for MCP servers that ask for a model, and for features of its own, such as agents. It doesn't say for which, so your answer applies to all of them.",
    );
  }
  return l10n.t("The extension {id} wants to send requests to OpenAI's models.", { id: extension });
}

function question(extension: string, pays: Consumer["pays"]): string {
  if (extension === unknownExtension) {
    return pays === "plan"
      ? l10n.t("Allow an unknown extension to use your ChatGPT plan?")
      : l10n.t("Allow an unknown extension to use your OpenAI API key?");
  }
  if (extension === vscodeItself) {
    return pays === "plan"
      ? l10n.t("Allow VS Code's own features, such as MCP sampling, to use your ChatGPT plan?")
      : l10n.t("Allow VS Code's own features, such as MCP sampling, to use your OpenAI API key?");
  }
  const name = extensionName(extension);
  return pays === "plan"
    ? l10n.t("Allow “{extension}” to use your ChatGPT plan?", { extension: name })
    : l10n.t("Allow “{extension}” to use your OpenAI API key?", { extension: name });
}

const costs: Readonly<Record<Consumer["pays"], (payer: string | undefined) => string>> = {
  plan: (account = l10n.t("your ChatGPT account")) =>
    l10n.t("Its requests count toward the usage limits of {account}. It gets no access to the account itself.", {
      account,
    }),
  accountKey: (account = l10n.t("your ChatGPT account")) =>
    l10n.t("OpenAI bills its requests to the API key of {account}. It doesn't see the key.", { account }),
  ownKey: (key) =>
    key === undefined
      ? l10n.t("OpenAI bills its requests to your API key. It doesn't see the key.")
      : l10n.t("OpenAI bills its requests to your API key {key}. It doesn't see the key.", { key }),
};
