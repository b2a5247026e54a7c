import * as l10n from "@vscode/l10n";

// Before the first text: those of the display language came with the page. Without them, texts stay English.
const texts = document.querySelector<HTMLMetaElement>('meta[name="texts"]')?.content;
if (texts !== undefined) l10n.config({ contents: texts });

/**
 * What times, numbers and lists are written in: the page's language, so that they fit the texts around them, in the
 * region of the browser where it has one for that language.
 */
export const locale = inRegion(document.documentElement.lang, navigator.languages);

function inRegion(language: string, locales: readonly string[]): string {
  return locales.find((each) => each.split("-")[0] === language.split("-")[0]) ?? language;
}
