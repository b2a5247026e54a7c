// Writes l10n/bundle.l10n.json: every text that the code passes to l10n.t, for translators.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getL10nJson } from "@vscode/l10n-dev";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where VS Code looks for the texts: the field `l10n` of package.json names the folder. */
export const bundleFile = join(root, "l10n", "bundle.l10n.json");

/** The content of the bundle for the sources as they are now. */
export async function createBundle(): Promise<string> {
  const files = globSync(["src/**/*.ts", "webview-ui/src/**/*.ts"], { cwd: root });
  const texts = await getL10nJson(
    files.map((file) => ({ extension: ".ts", contents: readFileSync(join(root, file), "utf8") })),
  );
  const sorted = Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(dirname(bundleFile), { recursive: true });
  writeFileSync(bundleFile, await createBundle());
}
