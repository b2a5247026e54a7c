import rawManifest from "../../package.json" with { type: "json" };
import english from "../../package.nls.json" with { type: "json" };

const sentences = new Map(Object.entries(english));

/** The key of a text that VS Code takes from package.nls.json, written as `%key%`. */
export function keyOf(text: string): string | undefined {
  return /^%(.+)%$/.exec(text)?.[1];
}

function inEnglish(_key: string, value: unknown): unknown {
  const key = typeof value === "string" ? keyOf(value) : undefined;
  return key === undefined ? value : sentences.get(key);
}

/** package.json as VS Code shows it in English: with the texts of package.nls.json in place of their keys. */
export const manifest = JSON.parse(JSON.stringify(rawManifest, inEnglish)) as typeof rawManifest;
