import * as vscode from "vscode";
import { authFileLimits } from "../../codex/authFile/parse.ts";
import { decodeAuthFile, describeUnreadable } from "../../codex/authFile/read.ts";
import { type CodexLogin, readLoginAt, readLoginFromText } from "../../codex/login.ts";
import { WordedProblem } from "../../shared/problem.ts";

/**
 * Reads the file that a person chose. One of another computer comes through VS Code, and cannot be followed.
 * @throws WordedProblem
 */
export async function readChosenFile(uri: vscode.Uri): Promise<CodexLogin> {
  if (uri.scheme === "file") return readLoginAt(uri.fsPath);
  const stat = await vscode.workspace.fs.stat(uri).then(undefined, () => undefined);
  if (!stat) throw new WordedProblem(describeUnreadable("unreadable"));
  if ((stat.type & vscode.FileType.File) === 0) throw new WordedProblem(describeUnreadable("notAFile"));
  if (stat.size > authFileLimits.bytes) throw new WordedProblem(describeUnreadable("tooLarge"));
  const bytes = await vscode.workspace.fs.readFile(uri).then(undefined, () => undefined);
  if (!bytes) throw new WordedProblem(describeUnreadable("unreadable"));
  const text = decodeAuthFile(bytes);
  if (typeof text !== "string") throw new WordedProblem(describeUnreadable(text.status));
  return readLoginFromText(text);
}
