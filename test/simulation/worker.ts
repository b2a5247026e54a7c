// Plays stories in a process of its own.
// Usage: node worker.ts search FROM COUNT | shrink SEED | tell SEED | story FILE, and --mutant NAME for a mutant of the product,
// and --codex for the stories with a Codex CLI.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { mutantOf } from "./mutants.ts";
import { patchGlobals } from "./world/globals.ts";
import { installHooks } from "./world/moduleHooks.ts";

const { values, positionals } = parseArgs({
  options: { mutant: { type: "string" }, codex: { type: "boolean", default: false } },
  allowPositionals: true,
});
const mutant = values.mutant === undefined ? undefined : mutantOf(values.mutant);
installHooks(mutant?.replacements);
patchGlobals();
const { search, shrinkSeed, tell } = await import("./search.ts");
const { storyOf } = await import("./story.ts");

const isCodex = values.codex;
const [task, ...given] = positionals;
const write = (line: string) => process.stdout.write(`${line}\n`);
if (task === "search") {
  const [from = 0, count = 1] = given.map(Number);
  Error.stackTraceLimit = 0;
  await search(from, count, { weather: mutant?.weather, isCodex }, (result) => write(JSON.stringify(result)));
} else if (task === "shrink") {
  await shrinkSeed(Number(given[0]), isCodex, write);
} else if (task === "tell") {
  await tell(storyOf(Number(given[0]), isCodex), write);
} else if (task === "story") {
  const isGood = await tell(JSON.parse(readFileSync(given[0] ?? "", "utf8")), write);
  process.exitCode = isGood ? 0 : 1;
} else {
  throw new Error(`There is no task ${task}`);
}
