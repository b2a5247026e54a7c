/**
 * Text from a server, a file, a setting or another extension, made safe to show. VS Code renders `[text](command:…)` in
 * notifications and `$(icon)` in labels, and invisible characters can make a text read as another one. The panel and the
 * browser's pages show text as text, but get the same.
 */

/** Control and format characters, what is not assigned, and what is drawn as nothing. */
const invisible = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]+/gu;
const space = /[\s\p{Z}]+/gu;
/** What links, icons, code and HTML are written with. No name has it. */
const markup = /[[\](){}<>$`:"|\\]+/g;
/** Where a link or an icon is held together: `](`, `$(`, `<command:`. */
const seams = /(?<=[\]$])(?=\()|(?<=<)(?=[a-z][\w+.-]*:)/gi;
/** Marks upon marks cover other lines. */
const tooManyMarks = /(\p{M}{2})\p{M}+/gu;

/**
 * Any text in one line, such as a model's description or a path: all that can be seen stays, and nothing of it is rendered.
 * @param longest in characters; what is longer ends with an ellipsis
 * @returns undefined when nothing is left
 */
export function shownText(value: string | undefined, longest = 100): string | undefined {
  return cut(visible(value, longest).replace(seams, " "), longest);
}

/**
 * The same for an email address, the name of a plan, or an id: without any markup.
 * @returns undefined when nothing is left
 */
export function shownName(value: string | undefined): string | undefined {
  return cut(visible(value, longestName).replace(markup, ""), longestName);
}

const longestName = 100;

function visible(value: string | undefined, longest: number): string {
  // Cut before the replacements too: the text may be as long as an answer or a file.
  const some = (value ?? "").slice(0, 8 * longest);
  return some.replace(space, " ").replace(invisible, "").replace(tooManyMarks, "$1");
}

function cut(text: string, longest: number): string | undefined {
  const characters = [...text.trim()];
  if (characters.length === 0) return undefined;
  return characters.length > longest ? `${characters.slice(0, longest).join("").trimEnd()}…` : characters.join("");
}
