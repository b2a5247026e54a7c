import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { shownText } from "../../shared/shownText.ts";
import { unknownExtension, vscodeItself } from "./askers.ts";

/** Characters. */
const longestName = 50;

/** What is, or looks like, a mark that could end the quotation that a name stands in. */
const quotes =
  /[\p{Pi}\p{Pf}"\u02ba\u02dd\u02ee\u05f4\u201a\u201e\u2033\u2034\u2036\u2037\u2057\u275b-\u2760\u3003\u300c-\u300f\u301d-\u301f\uff02\uff62\uff63\u{1f676}-\u{1f678}]/gu;

/** Of two marks or more, each alone no end of a quotation, together they look like one. */
const singleQuotes =
  /(?:['`\u00b4\u02b9\u02bb-\u02bd\u02c8\u02ca\u02cb\u02f4\u0374\u0384\u055a\u055d\u05f3\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u2032\u2035\ua78b\ua78c\uff07\uff40]\p{M}*){2,}/gu;

/**
 * The name of an extension as a person knows it. Its author has chosen it, so it is shortened and made one plain line; it
 * proves nothing, so the id is to be shown beside it. The id itself where VS Code does not know the extension here.
 */
export function extensionName(id: string): string {
  const manifest: unknown = vscode.extensions.getExtension(id)?.packageJSON;
  const name = (manifest as { displayName?: unknown } | null | undefined)?.displayName;
  if (typeof name !== "string") return id;
  return shownText(name.replace(quotes, "'"), longestName)?.replace(singleQuotes, "'") ?? id;
}

/** An extension in the middle of a sentence: its name, and its id, which it has not chosen freely. */
export function nameAndId(id: string): string {
  const name = extensionName(id);
  return name.toLowerCase() === id
    ? l10n.t("“{extension}”", { extension: name })
    : l10n.t("“{extension}” ({id})", { extension: name, id });
}

/** Who asks, in a list. @param extension see `Consumer` */
export function consumerName(extension: string): string {
  if (extension === unknownExtension) return l10n.t("Unknown extensions");
  if (extension === vscodeItself) return l10n.t("VS Code's own features, such as MCP sampling");
  return extensionName(extension);
}
