import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { bundledPackages, notices } from "../../../scripts/lib/bundledPackages.mjs";
import { temporaryDirectory } from "../../support/cleanUp.ts";

describe("what esbuild bundled", () => {
  let root: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    root = temporaryDirectory();
  });
  afterEach(() => root.remove());

  /** Installs a package, with these files beside its package.json. */
  function install(
    folder: string,
    manifest: object,
    files: Readonly<Record<string, string>> = { LICENSE: "The text." },
  ) {
    const path = join(root.path, folder);
    mkdirSync(path, { recursive: true });
    const name = folder.replace(/^.*node_modules\//, "");
    writeFileSync(join(path, "package.json"), JSON.stringify({ name, version: "1.0.0", license: "MIT", ...manifest }));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  }
  const found = (...inputs: string[]) =>
    bundledPackages(root.path, [{ inputs: Object.fromEntries(inputs.map((input) => [input, {}])) }]);

  it("is read off its inputs, and not off any list", () => {
    install("node_modules/@scope/one", {});
    install("node_modules/two", {});
    install("node_modules/two/node_modules/three", {});
    const packages = found(
      "src/own.ts",
      "node_modules/two/node_modules/three/lib/a.js",
      "node_modules/@scope/one/index.js",
      "node_modules/two/a.js",
      "node_modules/two/b.js",
    );
    assert.deepEqual(
      packages.map(({ folder, name }) => [folder, name]),
      [
        ["node_modules/@scope/one", "@scope/one"],
        ["node_modules/two", "two"],
        ["node_modules/two/node_modules/three", "three"],
      ],
    );
  });

  for (const license of ["GPL-3.0-only", "AGPL-3.0-or-later", "UNLICENSED", "(MIT OR GPL-2.0)", "mit", undefined, {}])
    it(`is not shipped under ${JSON.stringify(license)}`, () => {
      install("node_modules/one", { license });
      assert.throws(() => found("node_modules/one/a.js"), /one 1\.0\.0 has the license .*What ships has one of MIT/);
    });

  it("is not shipped without the text of its license", () => {
    const [path, other] = ["node_modules/one", "node_modules/two"];
    install(path, {}, { "license.js": "module.exports = check;", "README.md": "MIT" });
    assert.throws(() => found(`${path}/a.js`), /one 1\.0\.0 comes without the text.*scripts\/licenses\/one\.txt/);
    install(other, {}, { LICENSE: "\n" });
    assert.throws(() => found(`${other}/a.js`), /two 1\.0\.0 comes without the text/);
  });

  it("has every text that came with it, whatever the file is called", () => {
    const files = {
      "LICENSE-CODE": "Code.",
      "licence.md": "Text.",
      NOTICE: "Notice.",
      "ThirdPartyNotices.txt": "Others.",
    };
    install("node_modules/one", {}, { ...files, "index.js": "Not this" });
    const text = notices(found("node_modules/one/a.js"));
    for (const part of Object.values(files)) assert.ok(text.includes(part), part);
    assert.doesNotMatch(text, /Not this/);
    assert.match(text, /^one 1\.0\.0\n\n/);
  });

  it("has our copy of a text that its publisher left out", () => {
    install("node_modules/@vscode/l10n", {}, {});
    assert.match(notices(found("node_modules/@vscode/l10n/dist/main.js")), /Copyright \(c\) Microsoft Corporation/);
  });
});
