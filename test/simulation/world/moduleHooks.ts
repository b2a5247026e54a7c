import { registerHooks } from "node:module";
import { installReplacements, type Replacement } from "../../support/replacements.ts";

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
  installReplacements(replacements);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const stub = replaced[specifier];
      const from = context.parentURL ?? "";
      if (stub === undefined || !from.startsWith(sourceRoot)) {
        return nextResolve(specifier, context);
      }
      return { url: new URL(stub, import.meta.url).href, shortCircuit: true };
    },
  });
}
