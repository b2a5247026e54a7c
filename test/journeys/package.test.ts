import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { listFiles } from "@vscode/vsce";
import { activationBytes } from "../../bench/sizes.ts";
import { projectPath } from "../support/projectRoot.ts";
import { packagedExtension } from "../support/vsix.ts";

/** Everything that ships. Pieces of the bundle carry a hash of their content in their name. */
const shipped = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "dist/NOTICES.txt",
  "dist/extension.cjs",
  "dist/webview/main.css",
  "dist/webview/main.js",
  "media/icon.png",
  "package.json",
  "package.nls.json",
];

/** vsce's word for a bundled extension: no node_modules go in. */
const none = 2;

describe("the package", () => {
  it("holds exactly the listed files", async () => {
    const files = (await listFiles({ cwd: projectPath(), packageManager: none })).map((file) =>
      file.replaceAll("\\", "/"),
    );
    const pieces = files.filter((file) => /^dist\/[\w-]+-[A-Z0-9]{8}\.cjs$/.test(file));
    const walkthrough = files.filter((file) => /^media\/walkthrough\/[\w-]+\.(svg|png|md)$/.test(file));
    const rest = files.filter((file) => !pieces.includes(file) && !walkthrough.includes(file));
    assert.deepEqual(rest.sort(), shipped);
    assert.ok(pieces.length > 2 && pieces.length < 25, `${pieces.length} pieces`);
  });

  it("is smaller than 400 KB", () => assert.ok(statSync(packagedExtension()).size < 400 * 1024));

  it("loads less than 25 KB at activation", () => {
    const bytes = activationBytes();
    assert.ok(bytes > 1024 && bytes < 25 * 1024, `${bytes} bytes`);
  });

  it("has nobody's code that the README does not name", () => {
    const [, table = ""] = readFileSync(projectPath("README.md"), "utf8").split("\n## Licenses\n");
    const listed = new Set(table.toLowerCase().match(/[\w-]+/g));
    const names = readFileSync(projectPath("dist", "NOTICES.txt"), "utf8")
      .split(`\n${"-".repeat(80)}\n\n`)
      .map((notice) => /^(\S+) \d/.exec(notice)?.[1] ?? "a notice without a name");
    assert.ok(names.length > 10, `only ${names.length} were found`);
    // Of one project, under several names.
    const projects = names.map((name) => (/^(lit-|@lit\/)/.test(name) ? "lit" : name.replace("/elements", "")));
    assert.deepEqual(
      projects.filter((name) => !listed.has(name.replace(/^@(vscode\/)?/, ""))),
      [],
    );
  });
});
