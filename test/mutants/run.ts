// Takes each guard away, one at a time, and runs the tests that are to notice it. Fails when one does not.
// Usage: npm run mutants [-- PART OF A NAME OR FILE] [--tests-pass] [--note]
// --tests-pass: all tests of a mutant are known to pass without it. --note: writes to killers.json which test noticed it.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ownNetwork } from "../support/ownNetwork.ts";
import { RESULT_FILE, type SuiteResult } from "../support/testReporter.ts";
import { readKillers, writeKillers } from "./killers.ts";
import { runMutants, type Verdict } from "./runMutants.ts";
import { mutants } from "./table.ts";

const { values, positionals } = parseArgs({
  options: { "tests-pass": { type: "boolean", default: false }, note: { type: "boolean", default: false } },
  allowPositionals: true,
});
const [part = ""] = positionals;
const chosen = mutants.filter(({ name, replacements }) => name.includes(part) || replacements[0]?.file.includes(part));
const killers = readKillers();
const network = ownNetwork();
const started = performance.now();
const verdicts = await runMutants(chosen, {
  // Without networks of their own, two runs would want the same callback ports. Some runs wait for processes and for time.
  lanes: network ? availableParallelism() + 1 : 1,
  network,
  limitMs: 45_000,
  testsPass: values["tests-pass"],
  killers,
  onVerdict: (verdict) => process.stdout.write(`${lineOf(verdict)}\n`),
});
const left = verdicts.filter(({ status }) => status !== "killed");
const result: SuiteResult = {
  passed: verdicts.length - left.length,
  failed: left.length,
  failures: left.map(lineOf),
};
const resultFile = process.env[RESULT_FILE];
if (resultFile) writeFileSync(resultFile, JSON.stringify(result));
if (left.length > 0) process.stdout.write(`\n${left.map(lineOf).join("\n")}\n`);
if (values.note) {
  const found = new Map(killers);
  for (const { mutant, killer } of verdicts) {
    if (killer) found.set(mutant.name, killer);
    else found.delete(mutant.name);
  }
  writeKillers(
    found,
    mutants.map(({ name }) => name),
  );
}
const outdated = verdicts.filter(({ mutant, killer }) => killers.get(mutant.name) !== killer);
if (outdated.length > 0 && !values.note) {
  const names = outdated.map(({ mutant }) => `  ${mutant.name}\n`).join("");
  process.stdout.write(`\nThese took long. Note which test notices them, with npm run mutants -- --note:\n${names}`);
}
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(`\n${result.passed} mutants killed, ${result.failed} left (${seconds} s)\n`);
process.exit(left.length > 0 || verdicts.length === 0 ? 1 : 0);

function lineOf({ mutant, status, why }: Verdict): string {
  return status === "killed" ? `  ✔ ${mutant.name} (${why})` : `  ✘ ${status}: ${mutant.name} (${why})`;
}
