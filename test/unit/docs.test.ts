import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifest } from "../support/manifest.ts";
import { projectPath } from "../support/projectRoot.ts";

const read = (file: string) => readFileSync(projectPath(file), "utf8");
const withoutCode = (text: string) => text.replace(/```.*?```/gs, "").replace(/`[^`\n]*`/g, "");

const wordLimit = 9_000;
/** Named in the README, but not ours. */
const namesOfVscode = ["Extensions: Install from VSIX…"];

const titles = manifest.contributes.commands.map(({ title }) => title);

/** Tables and links break silently when the code moves on; these tests notice. */
describe("the docs", () => {
  const readme = read("README.md");
  const docs = globSync(["*.md", "docs/**/*.md"], { cwd: projectPath() }).sort();

  it("README lists every command under its title", () => {
    for (const title of titles) assert.ok(readme.includes(`\n| **${title}** |`), `no row for “${title}”`);
  });

  it("README lists every setting with its default", () => {
    for (const [name, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
      const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
      assert.ok(row, `no row for ${name}`);
      const expected = value === "" ? "empty" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
      assert.equal(row.split("|")[2]?.trim(), expected, `the default of ${name}`);
    }
  });

  it("README lists no command and no setting that is not there", () => {
    const commands = readme.split(/^## /m).find((part) => part.startsWith("Commands\n"));
    const listed = [...(commands ?? "").matchAll(/^\| \*\*(.+?)\*\* \|/gm)].map(([, title]) => title);
    assert.deepEqual(listed.toSorted(), titles.toSorted());
    const names = [...readme.matchAll(/^\| `(chatgptSignIn\.\w+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(names.toSorted(), Object.keys(manifest.contributes.configuration.properties).toSorted());
  });

  it("README names commands, buttons and labels as the product does", () => {
    const sources = globSync(["src/**/*.ts", "webview-ui/src/**/*.ts", "package.json", "package.nls.json"], {
      cwd: projectPath(),
    });
    const product = [...sources.map(read), ...namesOfVscode].join("\n");
    const prose = withoutCode(readme);
    const marked = [...prose.matchAll(/\*\*([^*]+)\*\*|“([^”]+)”/g)].map(([, bold, quoted]) => bold ?? quoted ?? "");
    // What ends with a period begins a paragraph.
    const names = marked.filter((text) => !text.endsWith(".")).map((text) => text.replace(/\s+/g, " "));
    assert.ok(names.length > titles.length, `only ${names.length} names were found`);
    for (const name of names) assert.ok(product.includes(name), `nothing is called “${name}”`);
  });

  it("README helps where a message cannot", () => {
    const trouble = readme.split(/^## /m).find((part) => part.startsWith("Troubleshooting\n")) ?? "";
    const situations = [...trouble.matchAll(/^\*\*[^*]+\.\*\* /gm)];
    assert.ok(situations.length >= 10, `only ${situations.length} situations were found`);
    for (const word of ["SSH", "WSL", "container", "in a browser", "keyring", "http.proxy", "captive portal"]) {
      assert.ok(trouble.includes(word), `nothing about ${word}`);
    }
  });

  it("CONTRIBUTING lists every suite", () => {
    const suites = [...read("test/run.ts").matchAll(/^ {2}(\w+): \{\s+name: "\1"/gm)].map(([, name]) => name);
    const contributing = read("CONTRIBUTING.md");
    const [row = ""] = /^\| `npm test -- unit` \|.*$/m.exec(contributing) ?? [];
    const listed = [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), [...new Set(suites)].toSorted());
    for (const suite of suites) assert.match(contributing, new RegExp(`^\\| \`${suite}\` \\|`, "m"));
  });

  it("the seeds' labels all lead to tests that exist", () => {
    const seeds = read("docs/seeds.md");
    const tests = new Map([...seeds.matchAll(/^\[(.+?)\]: (\S+)$/gm)].map(([, label, path]) => [label, path]));
    const used = new Set([...withoutCode(seeds).matchAll(/\[([\w./-]+)\](?![:(])/g)].map(([, label]) => label));
    assert.ok(used.size > 35, `only ${used.size} labels were found`);
    assert.deepEqual([...used].toSorted(), [...tests.keys()].toSorted());
    for (const [label, path = ""] of tests) {
      assert.ok(path.replace(/\.test\.ts$/, "").endsWith(`/${label}`), `${label} leads to ${path}`);
      assert.ok(existsSync(projectPath("docs", path)), `${path} does not exist`);
    }
  });

  it("every row of the seeds says what became of it", () => {
    const rows = read("docs/seeds.md")
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| Seed |"));
    assert.ok(rows.length > 70, `only ${rows.length} rows were found`);
    for (const row of rows) {
      const [seeds = "", behavior, outcome = "", ...more] = row.slice(2, -2).split(" | ");
      assert.ok(behavior && more.length === 0, `three cells: ${row}`);
      assert.match(seeds, /^[0-3](?:[,–][0-3])*$/, row);
      assert.match(outcome, /\[[\w./-]+\]|Left out: \S/, `no test or reason: ${row}`);
    }
  });

  it("links and names of files lead somewhere", () => {
    for (const doc of docs) {
      const text = read(doc);
      for (const [, target = ""] of withoutCode(text).matchAll(/\[[^\]]*\]\((?!https?:|#)([^)#\s]+)/g)) {
        assert.ok(existsSync(join(projectPath(dirname(doc)), target)), `${doc} links to ${target}`);
      }
      for (const [, file = ""] of text.matchAll(/`((?:src|test|scripts|webview-ui|docs)\/[\w./-]*[\w/])`/g)) {
        assert.ok(existsSync(projectPath(file)), `${doc} names ${file}`);
      }
    }
  });

  it(`together have at most ${wordLimit} words`, () => {
    const counts = docs.map((doc): [string, number] => [doc, wordsIn(read(doc))]);
    const sum = counts.reduce((total, [, count]) => total + count, 0);
    assert.ok(sum <= wordLimit, `${sum} words: ${counts.map((each) => each.join(" ")).join(", ")}`);
  });
});

/** What has a letter or a digit: the lines of a table are no words. */
function wordsIn(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
