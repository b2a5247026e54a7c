import { modify } from "jsonc-parser";
import * as vscode from "vscode";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { Notifications } from "../vscode/notifications.ts";

const section = "chat";
const name = "allowAnonymousAccess";
const key = `${section}.${name}`;

/** VS Code's own setting that lets Chat work without a GitHub account: offered with an explanation, never set unasked. */
export async function allowChatWithoutGitHub(notifications: Notifications, log: Logger): Promise<void> {
  const configuration = vscode.workspace.getConfiguration(section);
  if (configuration.get(name) === true) {
    notifications.info("VS Code's Chat may already be used without a GitHub account.");
    return;
  }
  const answer = await vscode.window.showInformationMessage(
    "Let VS Code's Chat work without a GitHub account?",
    {
      modal: true,
      detail:
        "VS Code asks for a GitHub account before its Chat answers. This turns on “chat.allowAnonymousAccess”, an experimental setting of VS Code's own, in your user settings, so that Chat can be used with your ChatGPT models alone. You can take it back there at any time.",
    },
    "Change the Setting",
  );
  if (answer === undefined) return;
  try {
    await configuration.update(name, true, vscode.ConfigurationTarget.Global);
  } catch (error) {
    log.info(`The setting cannot be written like others: ${describeError(error)}`);
    if (!(await writeInEditor())) return offerByHand(notifications);
  }
  notifications.info("VS Code's Chat now works without a GitHub account.", {
    "Open Chat": () => void vscode.commands.executeCommand("workbench.action.chat.open"),
  });
}

/**
 * Changes the settings file before the person's eyes: VS Code leaves this setting out of those that an extension may
 * write (as of 1.139).
 */
async function writeInEditor(): Promise<boolean> {
  await vscode.commands.executeCommand("workbench.action.openSettingsJson");
  const editor = vscode.window.activeTextEditor;
  if (!editor?.document.uri.path.endsWith("/settings.json")) return false;
  const { document } = editor;
  const edits = modify(document.getText(), [key], true, { formattingOptions: { tabSize: 2, insertSpaces: true } });
  const applied = await editor.edit((builder) => {
    for (const { offset, length, content } of edits) {
      builder.replace(new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)), content);
    }
  });
  if (applied) await document.save();
  return applied;
}

async function offerByHand(notifications: Notifications): Promise<void> {
  await vscode.env.clipboard.writeText(`"${key}": true,`);
  notifications.info(
    "VS Code lets nobody but you change this setting. It has been copied: paste it into your settings.",
  );
}
