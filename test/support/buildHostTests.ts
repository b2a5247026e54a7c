import { globSync } from "node:fs";
import { rm } from "node:fs/promises";
import { build } from "esbuild";
import { projectPath } from "./projectRoot.ts";

/**
 * Bundles `test/host` for the extension host, which loads CommonJS: one file for `index.ts` and one for each test file.
 * Returns the path of the module to give to VS Code, and how many test files there are.
 */
export async function buildHostTests(): Promise<{ testsPath: string; files: number }> {
  const outdir = projectPath("out", "host");
  const tests = globSync("test/host/**/*.test.ts", { cwd: projectPath() }).sort();
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: projectPath(),
    entryPoints: ["test/host/index.ts", ...tests],
    entryNames: "[name]",
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    mainFields: ["module", "main"],
    // For `projectRoot.ts`, which is in this folder, too.
    define: { "import.meta.url": JSON.stringify(import.meta.url) },
    external: ["vscode", "mocha", "oidc-provider", "playwright-core"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  return { testsPath: projectPath("out", "host", "index.cjs"), files: tests.length };
}

if (import.meta.main) await buildHostTests();
