import assert from "node:assert/strict";
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listFiles } from "@vscode/vsce";
import { projectPath } from "../../support/projectRoot.ts";

type Texts = Readonly<Record<string, string>>;

/** A text may come with a comment for translators. */
type Entry = string | { readonly message: string };

function read(file: string): Texts {
  const entries: [string, Entry][] = Object.entries(JSON.parse(readFileSync(projectPath(file), "utf8")));
  return Object.fromEntries(entries.map(([key, entry]) => [key, typeof entry === "string" ? entry : entry.message]));
}

/** The placeholders and command links of a text, which a translation keeps. */
const fixedParts = (text: string) => (text.match(/\{\w+\}|\(command:[^)]*\)|`[^`]*`/g) ?? []).toSorted();

/** What is wrong with the texts of a language, by their keys. */
function faultsIn(translated: Texts, english: Texts): string[] {
  const missing = Object.keys(english).filter((key) => !translated[key]?.trim());
  const unknown = Object.keys(translated).filter((key) => !Object.hasOwn(english, key));
  const changed = Object.entries(english).filter(
    ([key, text]) => translated[key] && String(fixedParts(text)) !== String(fixedParts(translated[key])),
  );
  return [
    ...missing.map((key) => `missing: ${key}`),
    ...unknown.map((key) => `unknown: ${key}`),
    ...changed.map(([key]) => `other placeholders: ${key}`),
  ];
}

/** The languages that have one of the two files. */
function languages(): string[] {
  const files = globSync(["package.nls.*.json", "l10n/bundle.l10n.*.json"], { cwd: projectPath() });
  const names = files.map((file) => /\.([\w-]+)\.json$/.exec(file)?.[1] ?? file);
  return [...new Set(names)].filter((name) => name !== "l10n").toSorted();
}

describe("A language", () => {
  it("lacks what it does not have, or has under another key or with other placeholders", () => {
    const english = {
      a: "Sign in as {email}",
      b: "Open [settings](command:x.open)",
      c: "Set `mode`",
      d: "Save",
      e: "No",
    };
    const translated = {
      a: "Als {mail} anmelden",
      b: "[Offnen](command:x.open)",
      c: "`mode` setzen",
      d: " ",
      f: "Mehr",
    };
    assert.deepEqual(faultsIn(translated, english), [
      "missing: d",
      "missing: e",
      "unknown: f",
      "other placeholders: a",
    ]);
    assert.deepEqual(faultsIn(english, english), []);
  });

  it("has every text of package.json and of the code", () => {
    for (const name of languages()) {
      assert.deepEqual(faultsIn(read(`package.nls.${name}.json`), read("package.nls.json")), [], name);
      assert.deepEqual(faultsIn(read(`l10n/bundle.l10n.${name}.json`), read("l10n/bundle.l10n.json")), [], name);
    }
  });

  it("is in the package with both of its files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "language-"));
    try {
      for (const file of ["package.json", ".vscodeignore"]) copyFileSync(projectPath(file), join(folder, file));
      const files = ["l10n/bundle.l10n.de.json", "package.nls.de.json"];
      mkdirSync(join(folder, "l10n"));
      for (const file of files) writeFileSync(join(folder, file), "{}");
      const packaged = await listFiles({ cwd: folder, packageManager: 2 });
      assert.deepEqual(packaged.map((file) => file.replaceAll("\\", "/")).sort(), [...files, "package.json"].sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
