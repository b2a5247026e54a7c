import * as vscode from "vscode";
import type { Opened } from "../../signin/flow.ts";

/** Opens the sign-in page. VS Code may ask first; its answer is the same for Copy and for Cancel. */
export async function openPage(url: string): Promise<Opened> {
  if (await vscode.env.openExternal(vscode.Uri.parse(url))) return "opened";
  // In a browser, reading the clipboard asks for a permission: not worth it.
  if (vscode.env.uiKind === vscode.UIKind.Web) return "notOpened";
  return isSameLink(await vscode.env.clipboard.readText(), url) ? "copied" : "notOpened";
}

/** Whether the clipboard holds the link, however it was encoded on the way: by its state, or as a one-time address. */
function isSameLink(text: string, url: string): boolean {
  const copied = URL.parse(text.trim());
  const state = new URL(url).searchParams.get("state");
  if (state === null) return copied?.href === url;
  return copied?.searchParams.get("state") === state;
}
