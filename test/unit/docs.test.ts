import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifest } from "../support/manifest.ts";
import { projectPath } from "../support/projectRoot.ts";

const read = (file: string) => readFileSync(projectPath(file), "utf8");
const withoutCode = (text: string) => text.replace(/```.*?```/gs, "").replace(/`[^`\n]*`/g, "");

/** Tables and links break silently when the code moves on; these tests notice. */
describe("the papers", () => {
  const readme = read("README.md");
  const papers = globSync(["*.md", "docs/**/*.md"], { cwd: projectPath() }).sort();

  it("README lists every command under its title", () => {
    for (const { title } of manifest.contributes.commands) {
      assert.ok(readme.includes(`\n| **${title}** |`), `no row for “${title}”`);
    }
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
    const titles = manifest.contributes.commands.map(({ title }) => title);
    const commands = readme.split(/^## /m).find((part) => part.startsWith("Commands\n"));
    const listed = [...(commands ?? "").matchAll(/^\| \*\*(.+?)\*\* \|/gm)].map(([, title]) => title);
    assert.deepEqual(listed.toSorted(), titles.toSorted());
    const names = [...readme.matchAll(/^\| `(chatgptSignIn\.\w+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(names.toSorted(), Object.keys(manifest.contributes.configuration.properties).toSorted());
  });

  it("CONTRIBUTING lists every suite", () => {
    const suites = [...read("test/run.ts").matchAll(/^ {2}(\w+): \{\s+name: "\1"/gm)].map(([, name]) => name);
    const oneLine = [...read("test/run.ts").matchAll(/^ {2}(\w+): \{ name: "\1"/gm)].map(([, name]) => name);
    const [row = ""] = /^\| `npm test -- unit` \|.*$/m.exec(read("CONTRIBUTING.md")) ?? [];
    const listed = [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), [...new Set([...suites, ...oneLine])].toSorted());
  });

  it("README explains messages that the product has, and begins them as it does", () => {
    const source = globSync("src/**/*.ts", { cwd: projectPath() }).map(read).join("\n");
    const trouble = readme.split(/^## /m).find((part) => part.startsWith("Trouble\n")) ?? "";
    const tables = trouble.split("| The message begins | What to do |\n|---|---|\n").slice(1);
    const begins = tables.flatMap((table) => [...table.matchAll(/^\| (.+?) \| /gm)].map(([, begin = ""]) => begin));
    // These two are VS Code's own.
    const ours = begins.filter(
      (begin) => !/^(Chat asks for a GitHub account|No models are in the picker)$/.test(begin),
    );
    assert.ok(ours.length > 40, `only ${ours.length} messages were found`);
    const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    for (const begin of ours.flatMap((cell) => cell.split("; "))) {
      const pattern = begin.split("…").map(escaped).join("[^\n]*?");
      assert.match(source, new RegExp(`["\`]${pattern}`), begin);
    }
  });

  it("the seeds' labels all lead to files that exist", () => {
    const seeds = read("docs/seeds.md");
    const files = new Map([...seeds.matchAll(/^\[(.+?)\]: (\S+)$/gm)].map(([, label, file]) => [label, file]));
    const used = new Set([...withoutCode(seeds).matchAll(/\[([\w./-]+)\](?!:)/g)].map(([, label]) => label));
    assert.ok(used.size > 40, `only ${used.size} labels were found`);
    assert.deepEqual([...used].toSorted(), [...files.keys()].toSorted());
    for (const [label, file = ""] of files) {
      assert.ok(`/${file}`.endsWith(`/${label}`), `${label} leads to ${file}`);
      assert.ok(existsSync(projectPath("docs", file)), `${file} does not exist`);
    }
  });

  it("every row of the seeds says what became of it", () => {
    const rows = read("docs/seeds.md")
      .split("\n")
      .filter((line) => line.startsWith("| ") && !/^\| (Behaviour|Name|seed 000|00\d) /.test(line))
      .map((line) => line.split(" | "));
    assert.ok(rows.length > 200, `only ${rows.length} rows were found`);
    for (const cells of rows) {
      const row = cells.join(" | ");
      assert.equal(cells.length, 3, `three cells: ${row}`);
      assert.match(row, /\[[\w./-]+\.test\.ts\]|issue \d|Left out: \S|no test yet/, `no test, issue or reason: ${row}`);
    }
  });

  it("links and names of files lead somewhere", () => {
    for (const paper of papers) {
      const text = read(paper);
      for (const [, target = ""] of withoutCode(text).matchAll(/(?<!!)\[[^\]]*\]\((?!https?:|#)([^)#\s]+)/g)) {
        assert.ok(existsSync(join(projectPath(dirname(paper)), target)), `${paper} links to ${target}`);
      }
      for (const [, file = ""] of text.matchAll(/`((?:src|test|scripts|webview-ui|docs)\/[\w./-]*[\w/])`/g)) {
        assert.ok(existsSync(projectPath(file)), `${paper} names ${file}`);
      }
    }
  });
});
