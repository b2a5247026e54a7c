import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { startProcessTree, temporaryDirectory } from "../support/cleanUp.ts";
import { projectRoot } from "../support/projectRoot.ts";
import { replaceIn, sourceUrl } from "../support/replacements.ts";
import { RESULT_FILE, type SuiteResult } from "../support/testReporter.ts";
import { type Mutant, REPLACEMENTS } from "./mutant.ts";

/**
 * What has become of a mutant. `broken`: it says nothing about the tests, because its text is not in the file, they fail
 * without it as well, or none of them has run.
 */
export interface Verdict {
  readonly mutant: Mutant;
  readonly status: "killed" | "survived" | "broken";
  /** The test that has failed, or what is wrong. */
  readonly why: string;
}

export interface RunMutantsOptions {
  /** How many test runs there are at once. */
  readonly lanes: number;
  /** The words that give a test run its own loopback network, see `ownNetwork`. */
  readonly network?: readonly string[] | undefined;
  /** A mutant whose tests have not ended after so long counts as killed, ms. */
  readonly limitMs?: number;
  /** The tests are known to pass without a mutant, so that they need not be run without one. */
  readonly testsPass?: boolean;
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** A test gets this long, ms. */
const testLimitMs = 30_000;
const defaultLimitMs = 2 * 60_000;
const install = new URL("./install.ts", import.meta.url).href;

/** Runs the tests of each mutant, and before that the same tests without it. Never rejects because of a mutant. */
export async function runMutants(mutants: readonly Mutant[], options: RunMutantsOptions): Promise<Verdict[]> {
  const results = temporaryDirectory();
  let count = 0;
  const run = (tests: readonly string[], mutant?: Mutant) => {
    count += 1;
    const { network, limitMs } = options;
    const limits = mutant && limitMs !== undefined ? { limitMs } : {};
    return runTests(tests, join(results.path, `${count}.json`), { network, ...limits }, mutant);
  };
  try {
    const verdicts: Verdict[] = [];
    const tell = (verdict: Verdict) => {
      verdicts.push(verdict);
      options.onVerdict?.(verdict);
    };
    const sound = mutants.filter((mutant) => {
      const why = flawOf(mutant);
      if (why !== undefined) tell({ mutant, status: "broken", why });
      return why === undefined;
    });
    const sets = options.testsPass ? [] : [...Map.groupBy(sound, ({ tests }) => tests.join(" "))];
    const flaws = new Map<string, string>();
    await inLanes(sets, options.lanes, async ([tests]) => {
      const why = baselineFlaw(await run(tests.split(" ")));
      if (why !== undefined) flaws.set(tests, why);
    });
    await inLanes(sound, options.lanes, async (mutant) => {
      const flaw = flaws.get(mutant.tests.join(" "));
      tell(flaw === undefined ? verdictOf(mutant, await run(mutant.tests, mutant)) : broken(mutant, flaw));
    });
    return verdicts;
  } finally {
    await results.remove();
  }
}

/** How a test run has ended: its result if it has written one, and the end of what it said. */
interface Ending {
  readonly result: SuiteResult | undefined;
  readonly isLate: boolean;
  readonly output: string;
}

/**
 * Runs test files in a process of their own.
 * @param tests below test/
 * @param resultFile where the run writes its result
 */
async function runTests(
  tests: readonly string[],
  resultFile: string,
  { network = [], limitMs = defaultLimitMs }: Pick<RunMutantsOptions, "network" | "limitMs">,
  mutant?: Mutant,
): Promise<Ending> {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", `--import=${install}`];
  const files = tests.map((test) => `test/${test}`);
  const [command = "", ...args] = [...network, ...node, "test/support/runMocha.ts", `${testLimitMs}`, ...files];
  const { MOCHA_GREP: _grep, ...environment } = process.env;
  const { child, output, stop } = startProcessTree(command, args, {
    cwd: projectRoot,
    env: {
      ...environment,
      [RESULT_FILE]: resultFile,
      ...(mutant && { MOCHA_BAIL: "1", [REPLACEMENTS]: JSON.stringify(mutant.replacements) }),
      ...(mutant?.grep !== undefined && { MOCHA_GREP: mutant.grep }),
    },
  });
  let isLate = false;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, limitMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    child.once("error", end).once("exit", end);
  });
  await stop();
  return { result: readResult(resultFile), isLate, output: output().slice(-5_000) };
}

function readResult(file: string): SuiteResult | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SuiteResult;
  } catch {
    return undefined;
  }
}

/** Why a mutant cannot be made; undefined when it can. */
function flawOf({ replacements, tests }: Mutant): string | undefined {
  try {
    for (const [file, wanted] of Map.groupBy(replacements, (replacement) => replacement.file)) {
      const source = readFileSync(sourceUrl(file), "utf8");
      // A file that cannot be loaded would make every test fail.
      stripTypeScriptTypes(wanted.reduce(replaceIn, source));
    }
    for (const test of tests) readFileSync(join(projectRoot, "test", test));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function baselineFlaw({ result, isLate, output }: Ending): string | undefined {
  if (isLate) return "its tests do not end without it either";
  if (!result || result.passed + result.failed === 0) return `its tests do not run: ${output}`;
  return result.failed > 0 ? `its tests fail without it as well: ${result.failures.join("; ")}` : undefined;
}

function verdictOf(mutant: Mutant, { result, isLate, output }: Ending): Verdict {
  if (isLate) return { mutant, status: "killed", why: "its tests do not end" };
  // As where they wait for the end of something that has none.
  if (output.includes("heap out of memory")) return { mutant, status: "killed", why: "its tests need all memory" };
  // A mutant that cannot be loaded is no proof of a test.
  if (!result || result.passed + result.failed === 0) return broken(mutant, `no test has run: ${output}`);
  const [failure] = result.failures;
  if (failure === undefined) return { mutant, status: "survived", why: `${result.passed} tests pass` };
  return { mutant, status: "killed", why: failure.split("\n")[0] ?? "" };
}

function broken(mutant: Mutant, why: string): Verdict {
  return { mutant, status: "broken", why };
}

async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
