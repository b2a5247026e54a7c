// npm test: types, lint and format, then the suites; the last line is `N passed, N failed` over all of them.
// npm test -- [check] [unit] [simulation] [mutants] [panel] [package] [host] [journeys] [anywhere] [interop] [--grep TEXT] [--desktop]
import { globSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import * as tools from "../scripts/lib/toolchain.mjs";
import { ensureKeyring } from "./interop/keyring.ts";
import { temporaryDirectory } from "./support/cleanUp.ts";
import { ensureCodexCli } from "./support/codexCli.ts";
import { ownNetwork } from "./support/ownNetwork.ts";
import { projectRoot } from "./support/projectRoot.ts";
import { interruptSuites, runSuite, type Suite, type SuiteOutcome } from "./support/suite.ts";
import { Transcript } from "./support/transcript.ts";

const { values, positionals } = parseArgs({
  options: { grep: { type: "string" }, desktop: { type: "boolean", default: false } },
  allowPositionals: true,
});
const minute = 60_000;
const started = performance.now();
const env: Record<string, string> = {
  ...(values.grep === undefined ? {} : { MOCHA_GREP: values.grep }),
  ...(process.stdout.isTTY ? { MOCHA_COLORS: "1" } : {}),
};
const isNotAnywhere = (file: string) => !/anywhere\w*\.test\.ts$/.test(file);
const testFiles = (...patterns: string[]) => globSync(patterns, { cwd: projectRoot }).sort();

const suites: Record<string, Suite> = {
  check: { name: "check", args: ["test/check.ts"], limit: 3 * minute },
  unit: {
    name: "unit",
    args: ["test/support/runMocha.ts", "30000", ...testFiles("test/unit/**/*.test.ts")],
    env,
    limit: 30 * minute,
  },
  panel: {
    name: "panel",
    args: ["test/support/runMocha.ts", "30000", ...testFiles("test/panel/**/*.test.ts")],
    env,
    limit: 6 * minute,
  },
  package: { name: "package", args: ["scripts/package.ts"], limit: 3 * minute, single: true },
  host: {
    name: "host",
    args: ["test/support/runHostTests.ts", ...(values.desktop ? ["--desktop"] : [])],
    env,
    limit: 6 * minute,
  },
  journeys: {
    name: "journeys",
    args: ["test/support/runMocha.ts", "600000", ...testFiles("test/journeys/**/*.test.ts").filter(isNotAnywhere)],
    env,
    limit: 25 * minute,
  },
  // The journeys of a sign-in under difficult conditions, which run beside the others.
  anywhere: {
    name: "anywhere",
    args: ["test/support/runMocha.ts", "600000", ...testFiles("test/journeys/anywhere*.test.ts")],
    env,
    limit: 25 * minute,
  },
  // Only processor time: it has its own time and no network.
  simulation: {
    name: "simulation",
    args: ["test/support/runMocha.ts", "600000", ...testFiles("test/simulation/**/*.test.ts")],
    env,
    limit: 25 * minute,
  },
  // The suite of unit tests shows that these pass without a mutant.
  mutants: { name: "mutants", args: ["test/mutants/run.ts", "--tests-pass"], limit: 30 * minute },
  interop: {
    name: "interop",
    args: ["test/support/runMocha.ts", "180000", ...testFiles("test/interop/**/*.test.ts")],
    env,
    limit: 10 * minute,
  },
};
const unknown = positionals.filter((name) => !(name in suites));
if (unknown.length > 0)
  throw new Error(`There is no suite ${unknown.join(", ")}, only ${Object.keys(suites).join(", ")}`);
const chosen = new Set(positionals.length > 0 ? positionals : Object.keys(suites));

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interruptSuites);

const needsVscode = ["journeys", "anywhere", ...(values.desktop ? [] : ["host"])].some((name) => chosen.has(name));
if (needsVscode || chosen.has("host")) chosen.add("package");
// Everything is installed before a suite starts, because some have no network to install from.
if (needsVscode) tools.ensureCodeServer();
if (needsVscode || chosen.has("panel")) tools.ensureChromium();
if (chosen.has("unit") || chosen.has("anywhere")) tools.ensureDebianPackages({ openssl: "/usr/bin/openssl" });
if (chosen.has("interop")) {
  ensureCodexCli();
  ensureKeyring();
}
const network = ownNetwork() ?? (tryToInstallIp() ? ownNetwork() : undefined);

const results = temporaryDirectory();
const transcript = new Transcript((text) => process.stdout.write(text));
const outcomes: SuiteOutcome[] = [];

/**
 * The package first, because others need it; then the longest, so that both lanes end at about the same time. What drives
 * a browser runs beside what does not: two of them slow each other down.
 */
const order = ["package", "journeys", "unit", "anywhere", "mutants", "simulation", "interop", "host", "panel", "check"];
const parts = new Map(order.map((name) => [name, transcript.part()]));
/** Runs the suites of a queue one after another, until none is left. */
const lane = async (queue: string[]) => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) await runIfChosen(name);
};
await runIfChosen("package");
const queue = order.slice(1);
if (network) {
  await Promise.all([lane(queue), lane(queue)]);
} else {
  // The other suites sign in on the registered callback ports. Without separate networks they cannot run at once.
  const withoutPorts = ["panel", "simulation", "check"];
  await Promise.all([lane(queue.filter((name) => !withoutPorts.includes(name))), lane(withoutPorts)]);
}
await results.remove();
summarize();

/** Without `ip`, no suite can have a separate network; then they take longer. */
function tryToInstallIp(): boolean {
  if (!tools.canInstallDebianPackages()) return false;
  try {
    tools.ensureDebianPackages({ iproute2: "/usr/sbin/ip" });
    return true;
  } catch {
    return false;
  }
}

async function runIfChosen(name: string): Promise<void> {
  const suite = suites[name];
  const part = parts.get(name);
  if (!suite || !part) return;
  if (chosen.has(name)) {
    part.write(`\n== ${name} ==\n`);
    outcomes.push(await runSuite({ ...suite, network }, join(results.path, `${name}.json`), part.write));
  }
  part.close();
}

function summarize(): void {
  outcomes.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  process.stdout.write(`\n== summary (${Math.round((performance.now() - started) / 1000)} s) ==\n`);
  for (const { name, passed, failed, seconds, failures } of outcomes) {
    process.stdout.write(`${name.padEnd(10)}${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)\n`);
    for (const failure of failures) process.stdout.write(`✘ ${failure}\n`.replaceAll(/^(?=.)/gm, " ".repeat(10)));
  }
  const total = (key: "passed" | "failed") => outcomes.reduce((sum, outcome) => sum + outcome[key], 0);
  process.exitCode = total("failed") > 0 || outcomes.length === 0 ? 1 : 0;
  process.stdout.write(`${total("passed")} passed, ${total("failed")} failed\n`);
}
