// The packages whose code esbuild put into the bundles, by its own account of them, and their licenses.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The licenses (SPDX identifiers) under which code may ship in the package, all of which ask only for their text. */
const allowedLicenses = new Set(["MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "Apache-2.0", "CC-BY-4.0"]);

/** The texts for packages that are published without theirs, by name with `+` for the slash. */
const ownTexts = fileURLToPath(new URL("../licenses", import.meta.url));

/**
 * @param {string} root the folder that the inputs are relative to
 * @param {readonly { inputs: Readonly<Record<string, unknown>> }[]} metafiles of esbuild
 * @returns what was bundled, each with its texts, sorted by folder
 * @throws when a license is not one that may ship, or its text is nowhere
 */
export function bundledPackages(root, metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean);
  return [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    if (!allowedLicenses.has(license)) {
      const known = [...allowedLicenses].join(", ");
      throw new Error(`${name} ${version} has the license ${JSON.stringify(license)}. What ships has one of ${known}.`);
    }
    const texts = licenseTexts(join(root, folder), name);
    if (texts.length === 0) {
      const place = `scripts/licenses/${name.replace("/", "+")}.txt`;
      throw new Error(`${name} ${version} comes without the text of its license. Put it into ${place}.`);
    }
    return { folder, name, version, license, texts };
  });
}

/** The texts in the package, with those of the code that it contains itself; else our copy. */
function licenseTexts(folder, name) {
  const isText = /^(?:licen[cs]e|notice|copying|third.?party)[^.]*(?:\.(?:md|txt))?$/i;
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries
    .map(({ name: file }) => file)
    .filter((file) => isText.test(file))
    .sort();
  const paths = files.map((file) => join(folder, file));
  const own = join(ownTexts, `${name.replace("/", "+")}.txt`);
  const found = paths.length > 0 ? paths : [own].filter(existsSync);
  return found.map((path) => readFileSync(path, "utf8").trim()).filter(Boolean);
}

/** The text of NOTICES.txt: each package's name, version and license in full, which most licenses ask to be passed on. */
export function notices(packages) {
  const each = packages.map(({ name, version, texts }) => `${name} ${version}\n\n${texts.join("\n\n")}\n`);
  return each.join(`\n${"-".repeat(80)}\n\n`);
}
