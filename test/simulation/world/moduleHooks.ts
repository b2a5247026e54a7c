import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

/** A change of the product's source: `text` must be found in the file, exactly once, and becomes `by`. */
export interface Replacement {
  /** Below src/. */
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

const sourceRoot = new URL("../../../src/", import.meta.url).href;
const replaced: Readonly<Record<string, string>> = {
  "node:child_process": "./nodeChildProcess.ts",
  "node:fs": "./nodeFs.ts",
  "node:fs/promises": "./nodeFiles.ts",
  "node:timers/promises": "./nodeTimers.ts",
  "node:crypto": "./nodeCrypto.ts",
};

/** Gives the modules under src/ the world in place of Node's files, programs, timers and chance; and applies the replacements. */
export function installHooks(replacements: readonly Replacement[] = []): void {
  const byUrl = Map.groupBy(replacements, ({ file }) => new URL(file, sourceRoot).href);
  for (const url of byUrl.keys())
    if (!existsSync(new URL(url))) throw new Error(`There is no ${url} to be replaced in`);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const stub = replaced[specifier];
      const from = context.parentURL ?? "";
      if (stub === undefined || !from.startsWith(sourceRoot)) {
        return nextResolve(specifier, context);
      }
      return { url: new URL(stub, import.meta.url).href, shortCircuit: true };
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const wanted = byUrl.get(url);
      if (!wanted) return loaded;
      const source = wanted.reduce(replace, String(loaded.source));
      return { ...loaded, source };
    },
  });
}

function replace(source: string, { file, text, by }: Replacement): string {
  const parts = source.split(text);
  if (parts.length !== 2) throw new Error(`${file} has the text to be replaced ${parts.length - 1} times: ${text}`);
  return parts.join(by);
}
