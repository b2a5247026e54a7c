import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { listFiles } from "@vscode/vsce";
import { activationBytes } from "../../bench/sizes.ts";
import { bomShape } from "../support/bomShape.ts";
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

/** One for each package that is bundled. */
const notices = () => readFileSync(projectPath("dist", "NOTICES.txt"), "utf8").split(`\n${"-".repeat(80)}\n\n`);

describe("the package", () => {
  it("has exactly the listed files", async () => {
    const files = (await listFiles({ cwd: projectPath(), packageManager: none })).map((file) =>
      file.replaceAll("\\", "/"),
    );
    const pieces = files.filter((file) => /^dist\/[\w-]+-[A-Z0-9]{8}\.cjs$/.test(file));
    const walkthrough = files.filter((file) => /^media\/walkthrough\/[\w-]+\.(svg|png|md)$/.test(file));
    const rest = files.filter((file) => !pieces.includes(file) && !walkthrough.includes(file));
    assert.deepEqual(rest.sort(), shipped.toSorted());
    assert.ok(pieces.length > 2 && pieces.length < 32, `${pieces.length} pieces`);
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

  it("has no part of axios that the extension never uses", () => {
    const metafiles: { outputs: Record<string, { inputs: object }> }[] = JSON.parse(
      readFileSync(projectPath("out", "metafiles.json"), "utf8"),
    );
    const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((one) => Object.keys(one.inputs)));
    assert.ok(inputs.some((input) => input.endsWith("axios/lib/adapters/http.js")));
    const unused =
      /node_modules\/(?:.*\/)?(?:form-data|follow-redirects|proxy-from-env|https-proxy-agent|debug|axios\/lib\/adapters\/(?:xhr|fetch)\.js)(?:\/|$)/;
    assert.deepEqual(
      inputs.filter((input) => unused.test(input)),
      [],
    );
  });

  it("comes with a bill of its materials: the packages whose licenses it has, under licenses that may ship", () => {
    const file = packagedExtension().replace(/vsix$/, "cdx.json");
    const { metadata, components } = bomShape.parse(JSON.parse(readFileSync(file, "utf8")));
    assert.equal(metadata.component.name, "chatgpt-sign-in");
    const named = components.map(({ group, name, version }) => `${group ? `${group}/` : ""}${name} ${version}`);
    const noticed = notices().map((notice) => /^\S+ \S+/.exec(notice)?.[0] ?? "a notice without a name");
    assert.deepEqual(named.sort(), noticed.sort());
    assert.ok(notices().every((notice) => /copyright|creative commons/i.test(notice)));
  });

  it("is smaller than 400 KB", () => assert.ok(statSync(packagedExtension()).size < 400 * 1024));

  it("loads less than 25 KB at activation", () => {
    const bytes = activationBytes();
    assert.ok(bytes > 1024 && bytes < 25 * 1024, `${bytes} bytes`);
  });

  it("has no code of a package that the README does not name", () => {
    const [, table = ""] = readFileSync(projectPath("README.md"), "utf8").split("\n## Licenses\n");
    const listed = new Set(table.toLowerCase().match(/[\w-]+/g));
    const names = notices().map((notice) => /^(\S+) \d/.exec(notice)?.[1] ?? "a notice without a name");
    assert.ok(names.length > 10, `only ${names.length} were found`);
    // One project, with several names.
    const projects = names.map((name) => (/^(lit-|@lit\/)/.test(name) ? "lit" : name.replace("/elements", "")));
    assert.deepEqual(
      projects.filter((name) => !listed.has(name.replace(/^@(vscode\/)?/, ""))),
      [],
    );
  });
});
