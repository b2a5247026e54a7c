import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { listFiles } from "@vscode/vsce";
import { activationBytes } from "../../bench/sizes.ts";
import { projectPath } from "../support/projectRoot.ts";
import { packagedExtension } from "../support/vsix.ts";

/** Everything in the package. The names of chunks contain a hash of their content. */
const shipped = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "dist/NOTICES.txt",
  "dist/extension.cjs",
  "dist/webview/main.css",
  "dist/webview/main.js",
  "l10n/bundle.l10n.json",
  "media/icon.png",
  "package.json",
  "package.nls.json",
  ...globSync(["l10n/bundle.l10n.*.json", "package.nls.*.json"], { cwd: projectPath() }),
];

/** Packaged without node_modules, because the extension is bundled. */
const none = 2;

describe("the package", () => {
  it("has exactly the listed files", async () => {
    const files = (await listFiles({ cwd: projectPath(), packageManager: none })).map((file) =>
      file.replaceAll("\\", "/"),
    );
    const pieces = files.filter((file) => /^dist\/[\w-]+-[A-Z0-9]{8}\.cjs$/.test(file));
    const walkthrough = files.filter((file) => /^media\/walkthrough\/[\w-]+\.(svg|png|md)$/.test(file));
    const rest = files.filter((file) => !pieces.includes(file) && !walkthrough.includes(file));
    assert.deepEqual(rest.sort(), shipped.toSorted());
    assert.ok(pieces.length > 2 && pieces.length < 25, `${pieces.length} pieces`);
  });

  it("has every piece that another one loads", () => {
    const pieces = globSync("*.cjs", { cwd: projectPath("dist") });
    for (const piece of pieces) {
      const code = readFileSync(projectPath("dist", piece), "utf8");
      for (const [, other = ""] of code.matchAll(/require\("\.\/([^"]+)"\)/g)) {
        assert.ok(pieces.includes(other), `${piece} loads ${other}`);
      }
    }
  });

  it("speaks the display language in every piece, also before its services are loaded", () => {
    const shown = execFileSync(process.execPath, [projectPath("test", "support", "anotherLanguage.cjs")]);
    assert.equal(JSON.parse(String(shown)).at(-1), "Mit ChatGPT anmelden");
  });

  it("is smaller than 400 KB", () => assert.ok(statSync(packagedExtension()).size < 400 * 1024));

  it("loads less than 25 KB at activation", () => {
    const bytes = activationBytes();
    assert.ok(bytes > 1024 && bytes < 25 * 1024, `${bytes} bytes`);
  });

  it("has no code of a package that the README does not name", () => {
    const [, table = ""] = readFileSync(projectPath("README.md"), "utf8").split("\n## Licenses\n");
    const listed = new Set(table.toLowerCase().match(/[\w-]+/g));
    const names = readFileSync(projectPath("dist", "NOTICES.txt"), "utf8")
      .split(`\n${"-".repeat(80)}\n\n`)
      .map((notice) => /^(\S+) \d/.exec(notice)?.[1] ?? "a notice without a name");
    assert.ok(names.length > 10, `only ${names.length} were found`);
    // One project, with several names.
    const projects = names.map((name) => (/^(lit-|@lit\/)/.test(name) ? "lit" : name.replace("/elements", "")));
    assert.deepEqual(
      projects.filter((name) => !listed.has(name.replace(/^@(vscode\/)?/, ""))),
      [],
    );
  });
});
