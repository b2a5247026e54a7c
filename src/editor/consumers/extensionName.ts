import * as vscode from "vscode";

/** Characters. */
const longestName = 50;

/** What shows nothing, breaks a line or turns the text around it, so that a sentence with it could read otherwise. */
const hidden = /[\p{C}\p{Z}\u115f\u1160\u2800\u3164\uffa0]+/gu;
/** What could end the quotation that a name stands in. */
const quotes = /["“”„‟«»]/gu;
/** Accents upon accents, which cover other lines. */
const accents = /(\p{M}{2})\p{M}+/gu;

/**
 * The name of an extension as a person knows it. Its author has chosen it, so it is shortened and made one plain line; it
 * proves nothing, so the id is to be shown beside it. The id itself where VS Code does not know the extension here.
 */
export function extensionName(id: string): string {
  const manifest: unknown = vscode.extensions.getExtension(id)?.packageJSON;
  const name = (manifest as { displayName?: unknown } | null | undefined)?.displayName;
  return (typeof name === "string" && plain(name)) || id;
}

function plain(name: string): string {
  const line = name.slice(0, 1000).replace(hidden, " ").replace(quotes, "'").replace(accents, "$1").trim();
  const characters = [...line];
  return characters.length > longestName ? `${characters.slice(0, longestName).join("").trimEnd()}…` : line;
}
