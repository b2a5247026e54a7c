import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { type Literal, parse } from "acorn";
import { simple } from "acorn-walk";
import { projectRoot } from "../support/projectRoot.ts";
import { withinSeconds } from "../support/withinSeconds.ts";

/** For an expression that looks at each place of a text once, a blink; for one that looks at each from each, minutes. */
const repeats = 100_000;

/** Of each kind that an expression may have: letters, digits, marks, space, line ends, and what no expression has. */
const usual = ["a", "A", "0", "_", "-", ".", "/", " ", "\n", "\r", "À", "à", "中", "\u0301", "\u0000"];

function expressionsIn(source: string): RegExp[] {
  const found: RegExp[] = [];
  const program = parse(stripTypeScriptTypes(source), { ecmaVersion: "latest", sourceType: "module" });
  simple(program, {
    Literal(node: Literal) {
      if (node.regex) found.push(new RegExp(node.regex.pattern, node.regex.flags));
    },
  });
  return found;
}

/** Long texts of what an expression is about, and of pairs of it. */
function* textsFor({ source }: RegExp): Generator<string> {
  const plain = source.replace(/\\[a-zA-Z](?:\{[^}]*\})?/g, "");
  const own = plain.match(/[^\\^$|?*+{}]/g) ?? [];
  const words = plain.match(/[A-Za-z]{2,}/g) ?? [];
  const units = new Set([...own, ...usual, ...words.slice(0, 10)]);
  for (const unit of units) {
    for (const repeated of [unit, `${unit}-`]) {
      const middle = repeated.repeat(repeats);
      for (const start of ["", ...words.slice(0, 1)]) yield `${start}${middle}\u0001`;
    }
  }
}

/** The text on which an expression takes too long, if there is one. */
function slowTextFor(expression: RegExp, seconds = 5): string | undefined {
  for (const text of textsFor(expression)) {
    try {
      withinSeconds(seconds, () => text.replace(expression, ""));
    } catch {
      return text;
    }
  }
  return undefined;
}

describe("A regular expression", function () {
  // Hundreds of long texts for each.
  this.timeout(300_000);
  const files = ["src", "webview-ui/src"].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );

  for (const file of files) {
    const expressions = expressionsIn(readFileSync(join(projectRoot, file), "utf8"));
    if (expressions.length === 0) continue;
    it(`takes time in proportion to the text: ${file}`, () => {
      for (const expression of expressions) {
        assert.equal(slowTextFor(expression)?.slice(0, 20), undefined, String(expression));
      }
    });
  }

  it("that does not is found", () => {
    const lookingAhead = /\b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{40,}/g;
    for (const slow of [/\/+$/, /[>"')]+$/g, lookingAhead, /\s+$/, /\bmodel\b.*\bnot found/i]) {
      assert.notEqual(slowTextFor(slow, 1), undefined, String(slow));
    }
  });
});
