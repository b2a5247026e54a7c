import * as vscode from "vscode";
import { shownText } from "../../shared/shownText.ts";

/** Characters. */
const longestName = 50;

/** What could end the quotation that a name stands in. */
const quotes = /["“”„‟«»]/gu;

/**
 * The name of an extension as a person knows it. Its author has chosen it, so it is shortened and made one plain line; it
 * proves nothing, so the id is to be shown beside it. The id itself where VS Code does not know the extension here.
 */
export function extensionName(id: string): string {
  const manifest: unknown = vscode.extensions.getExtension(id)?.packageJSON;
  const name = (manifest as { displayName?: unknown } | null | undefined)?.displayName;
  return (typeof name === "string" && shownText(name.replace(quotes, "'"), longestName)) || id;
}
