import * as l10n from "@vscode/l10n";
import { modify } from "jsonc-parser";
import * as vscode from "vscode";
import { type Clock, waitAtMost } from "../../platform/clock.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import { confirm } from "../vscode/confirm.ts";
import type { Notifications } from "../vscode/notifications.ts";

const section = "chat";
const name = "allowAnonymousAccess";
const key = `${section}.${name}`;
const openSettingsFile = "workbench.action.openSettingsJson";
/** Where VS Code keeps the user settings, of a profile or not, on every system. Its schemes differ, as in code-server. */
const userSettingsPath = /\/User\/(profiles\/[^/]+\/)?settings\.json$/;

/** How long VS Code's own saving may take, ms. */
const savingMs = 5_000;

/** Turns on VS Code's own setting for Chat without a GitHub account, after an explanation and only on a yes. */
export async function allowChatWithoutGitHub(notifications: Notifications, clock: Clock, log: Logger): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  if (configuration.get(name) === true) {
    notifications.info(l10n.t("You can already use Chat without a GitHub account."));
    return;
  }
  const question = l10n.t("Use Chat without a GitHub account?");
  const detail = l10n.t(
    "VS Code asks for a GitHub account before you can use Chat. This turns on “{setting}”, an experimental VS Code setting, in your user settings, so that you can use Chat with just your ChatGPT models. You can turn it off again at any time.",
    { setting: key },
  );
  if (!(await confirm({ question, detail, no: l10n.t("Don't Change") }, l10n.t("Change Setting")))) return;
  try {
    await configuration.update(name, true, vscode.ConfigurationTarget.Global);
  } catch (error) {
    log.info(`The setting cannot be written like others: ${describeError(error)}`);
    const outcome = await writeInEditor(clock);
    if (outcome === "notWritten") return offerByHand(notifications);
    if (outcome === "notSaved") {
      return notifications.warning(l10n.t("Save your settings file to use Chat without a GitHub account."));
    }
  }
  notifications.info(l10n.t("You can now use Chat without a GitHub account."), {
    [l10n.t("Open Chat")]: () => void vscode.commands.executeCommand("workbench.action.chat.open"),
  });
}

/** Changes the settings file in an editor: VS Code does not let an extension write this setting itself (as of 1.139). */
async function writeInEditor(clock: Clock): Promise<"saved" | "notSaved" | "notWritten"> {
  await vscode.commands.executeCommand(openSettingsFile);
  const editor = vscode.window.activeTextEditor;
  if (!editor || !userSettingsPath.test(editor.document.uri.path)) return "notWritten";
  const { document } = editor;
  const edits = modify(document.getText(), [key], true, { formattingOptions: { tabSize: 2, insertSpaces: true } });
  const applied = await editor.edit((builder) => {
    for (const { offset, length, content } of edits) {
      builder.replace(new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)), content);
    }
  });
  if (!applied) return "notWritten";
  return (await isSaved(document, clock)) ? "saved" : "notSaved";
}

/** Saves a file. Where VS Code is just saving it by itself, `save` returns false before that is done. */
async function isSaved(document: vscode.TextDocument, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const subscription = vscode.workspace.onDidSaveTextDocument((saved) => {
    if (saved === document) resolve();
  });
  try {
    if ((await document.save()) || !document.isDirty) return true;
    await waitAtMost(clock, savingMs, promise);
    return !document.isDirty;
  } finally {
    subscription.dispose();
  }
}

async function offerByHand(notifications: Notifications): Promise<void> {
  await vscode.env.clipboard.writeText(`"${key}": true,`);
  notifications.info(l10n.t("Extensions can't change this setting. Paste the copied line into your settings."), {
    [l10n.t("Open Settings")]: () => void vscode.commands.executeCommand(openSettingsFile),
  });
}
