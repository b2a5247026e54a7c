// Builds the extension, checks what went into it, and writes one .vsix at the top of the clone, with its bill of materials.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVSIX } from "@vscode/vsce";
import { type AdvisoryList, checkAdvisories, npmAudit } from "./advisories.ts";
import { billOfMaterials, type Lock, type Manifest } from "./billOfMaterials.ts";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { bundledPackages, type Metafile } from "./lib/bundledPackages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readJson = <T>(...path: string[]): T => JSON.parse(readFileSync(join(root, ...path), "utf8"));

/**
 * Builds in production mode and packages the extension; beside the package is what it consists of, in CycloneDX' format.
 * @returns the path of the .vsix, afterwards the only one at the top of the clone
 * @throws when a published advisory applies to code that would ship, or its license is not one that may ship
 */
export async function packageExtension(): Promise<string> {
  const manifest = readJson<Manifest>("package.json");
  for (const name of readdirSync(root).filter((file) => /\.(?:vsix|cdx\.json)$/.test(file))) rmSync(join(root, name));
  const packagePath = join(root, `${manifest.name}-${manifest.version}.vsix`);
  // vsce runs the script vscode:prepublish, which is the production build. Bundled: no node_modules go in.
  const skipLicense = !existsSync(join(root, "LICENSE"));
  await createVSIX({ cwd: root, packagePath, dependencies: false, skipLicense, allowMissingRepository: true });
  try {
    process.stdout.write(`${describePackage(packagePath, manifest)}\n`);
  } catch (error) {
    rmSync(packagePath);
    throw error;
  }
  return packagePath;
}

/** Checks what went into the package, writes the bill of materials, and returns a sentence for the person who packages. */
function describePackage(packagePath: string, manifest: Manifest): string {
  const shipped = bundledPackages(root, readJson<Metafile[]>("out", "metafiles.json"));
  const checked = checkAdvisories(shipped, readJson<AdvisoryList>("scripts", "advisories.json"), npmAudit(root));
  const bill = billOfMaterials(manifest, readJson<Lock>("package-lock.json"), shipped);
  writeFileSync(packagePath.replace(/vsix$/, "cdx.json"), `${JSON.stringify(bill, null, 2)}\n`);
  return checked;
}

if (import.meta.main) await packageExtension();
