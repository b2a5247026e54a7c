import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

/** A change of the product's source: `text` must be found in the file, exactly once, and becomes `by`. */
export interface Replacement {
  /** Below src/. */
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

const sourceRoot = new URL("../../src/", import.meta.url).href;

/** The address of a file below src/. @throws Error when there is none */
export function sourceUrl(file: string): URL {
  const url = new URL(file, sourceRoot);
  if (!existsSync(url)) throw new Error(`There is no ${url.href} to be replaced in`);
  return url;
}

/** Makes replacements in the modules that are loaded from now on. The files stay as they are. */
export function installReplacements(replacements: readonly Replacement[]): void {
  const byUrl = Map.groupBy(replacements, ({ file }) => sourceUrl(file).href);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const wanted = byUrl.get(url);
      return wanted ? { ...loaded, source: wanted.reduce(replaceIn, String(loaded.source)) } : loaded;
    },
  });
}

/** @throws Error unless the text is there exactly once */
export function replaceIn(source: string, { file, text, by }: Replacement): string {
  const parts = source.split(text);
  if (parts.length !== 2) throw new Error(`${file} has the text to be replaced ${parts.length - 1} times: ${text}`);
  return parts.join(by);
}
