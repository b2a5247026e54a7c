// Builds the extension and writes one .vsix at the top of the clone.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVSIX } from "@vscode/vsce";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Builds in production mode and packages the extension.
 * @returns the path of the .vsix, afterwards the only one at the top of the clone
 */
export async function packageExtension(): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string; version: string };
  for (const name of readdirSync(root).filter((file) => file.endsWith(".vsix"))) rmSync(join(root, name));
  const packagePath = join(root, `${manifest.name}-${manifest.version}.vsix`);
  // vsce runs the script vscode:prepublish, which is the production build. Bundled: no node_modules go in.
  const skipLicense = !existsSync(join(root, "LICENSE"));
  await createVSIX({ cwd: root, packagePath, dependencies: false, skipLicense, allowMissingRepository: true });
  return packagePath;
}

if (import.meta.main) await packageExtension();
