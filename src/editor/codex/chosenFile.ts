import * as vscode from "vscode";
import { authFileLimits } from "../../codex/authFile/parse.ts";
import { decodeAuthFile } from "../../codex/authFile/read.ts";
import { type CodexLogin, readLoginAt, readLoginFromText } from "../../codex/login.ts";
import { unreadableProblem } from "../../codex/problems.ts";

/**
 * Reads the file that a person chose. One on another computer is read through VS Code and cannot be linked.
 * @throws Problem
 */
export async function readChosenFile(uri: vscode.Uri): Promise<CodexLogin> {
  if (uri.scheme === "file") return readLoginAt(uri.fsPath);
  const stat = await vscode.workspace.fs.stat(uri).then(undefined, () => undefined);
  if (!stat) throw unreadableProblem("unreadable");
  if ((stat.type & vscode.FileType.File) === 0) throw unreadableProblem("notAFile");
  if (stat.size > authFileLimits.bytes) throw unreadableProblem("tooLarge");
  const bytes = await vscode.workspace.fs.readFile(uri).then(undefined, () => undefined);
  if (!bytes) throw unreadableProblem("unreadable");
  const text = decodeAuthFile(bytes);
  if (typeof text !== "string") throw unreadableProblem(text.status);
  return readLoginFromText(text);
}
