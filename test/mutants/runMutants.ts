import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { projectRoot } from "../support/projectRoot.ts";
import { replaceIn, sourceUrl } from "../support/replacements.ts";
import { type Killers, type KillingTest, onlyTest } from "./killers.ts";
import type { Mutant } from "./mutant.ts";
import { type Ending, runTests, type TestChoice } from "./testRun.ts";

/**
 * What has become of a mutant. `broken`: it says nothing about the tests, because its text is not in the file, they fail
 * without it as well, or none of them has run.
 */
export interface Verdict {
  readonly mutant: Mutant;
  readonly status: "killed" | "survived" | "broken";
  /** The test that has failed, or what is wrong. */
  readonly why: string;
  /** A test that alone notices the mutant, and passes without it: that of `killers`, or where it does not, another one. */
  readonly killer?: KillingTest;
}

export interface RunMutantsOptions {
  /** How many test runs there are at once. */
  readonly lanes: number;
  /** The words that give a test run its own loopback network, see `ownNetwork`. */
  readonly network?: readonly string[] | undefined;
  /** A mutant whose tests have not ended after so long counts as killed, ms. */
  readonly limitMs?: number;
  /** The tests of all mutants are known to pass without a mutant, so that they need not be run without one. */
  readonly testsPass?: boolean;
  /** The tests to try first, each alone. All tests of a mutant run where there is none, or it notices nothing. */
  readonly killers?: Killers;
  readonly onVerdict?: (verdict: Verdict) => void;
}

const defaultLimitMs = 2 * 60_000;
/** A test gets this long. */
const testLimitMs = 30_000;
/** A test alone, which is known to pass, gets this long, or so many times what its run took when it passed. */
const shortestTestLimitMs = 3_000;
const timesPassing = 5;

/** Runs the tests of each mutant, and before that the same tests without it. Never rejects because of a mutant. */
export async function runMutants(mutants: readonly Mutant[], options: RunMutantsOptions): Promise<Verdict[]> {
  const folder = temporaryDirectory();
  const runs = new Runs(folder.path, options);
  const verdicts: Verdict[] = [];
  try {
    await inLanes(mutants, options.lanes, async (mutant) => {
      const verdict = await judge(mutant, runs, options);
      verdicts.push(verdict);
      options.onVerdict?.(verdict);
    });
    return verdicts;
  } finally {
    await folder.remove();
  }
}

/** The test runs of one call of `runMutants`. */
class Runs {
  readonly #folder: string;
  readonly #options: RunMutantsOptions;
  readonly #baselines = new Map<string, Promise<Ending>>();
  #count = 0;

  /** @param folder for what the runs write */
  constructor(folder: string, options: RunMutantsOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  with(mutant: Mutant | undefined, choice: TestChoice, testLimit = testLimitMs): Promise<Ending> {
    const { network = [], limitMs = defaultLimitMs } = this.#options;
    this.#count += 1;
    return runTests(choice, {
      resultFile: join(this.#folder, `${this.#count}.json`),
      compileCache: join(this.#folder, "compiled"),
      network,
      limitMs: mutant ? limitMs : defaultLimitMs,
      testLimitMs: testLimit,
      mutant,
    });
  }

  /** How tests end without a mutant. They run once. */
  baseline(choice: TestChoice): Promise<Ending> {
    const key = JSON.stringify([choice.tests, choice.grep]);
    const ending = this.#baselines.get(key) ?? this.with(undefined, choice);
    this.#baselines.set(key, ending);
    return ending;
  }

  /** Does the test alone notice the mutant, by a failure that it does not have without it? */
  async isNoticed(mutant: Mutant, test: KillingTest): Promise<boolean> {
    const choice = onlyTest(test);
    const baseline = await this.baseline(choice);
    if (baselineFlaw(baseline) !== undefined) return false;
    const limit = Math.min(testLimitMs, Math.max(shortestTestLimitMs, timesPassing * baseline.ms));
    return hasFailed(await this.with(mutant, choice, limit));
  }
}

async function judge(mutant: Mutant, runs: Runs, { killers, testsPass }: RunMutantsOptions): Promise<Verdict> {
  const flaw = flawOf(mutant);
  if (flaw !== undefined) return broken(mutant, flaw);
  const known = killers?.get(mutant.name);
  if (known && (await runs.isNoticed(mutant, known))) {
    return { mutant, status: "killed", why: known.title, killer: known };
  }
  const testFlaw = testsPass ? undefined : baselineFlaw(await runs.baseline(mutant));
  if (testFlaw !== undefined) return broken(mutant, testFlaw);
  const ending = await runs.with(mutant, mutant);
  const found = ending.result?.firstFailed;
  const isAlone = found !== undefined && killers !== undefined && (await runs.isNoticed(mutant, found));
  return { ...verdictOf(mutant, ending), ...(isAlone && { killer: found }) };
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

function hasFailed({ result }: Ending): boolean {
  return result !== undefined && result.failed > 0;
}

function baselineFlaw({ result, isLate, output }: Ending): string | undefined {
  if (isLate) return "its tests do not end without it either";
  if (!result || result.passed + result.failed === 0) return `its tests do not run: ${output}`;
  return result.failed > 0 ? `its tests fail without it as well: ${result.failures.join("; ")}` : undefined;
}

function verdictOf(mutant: Mutant, { result, isLate, output }: Ending): Verdict {
  // Also when the run has not ended after it, as where something cannot be stopped.
  const [failure] = result?.failures ?? [];
  if (failure !== undefined) return { mutant, status: "killed", why: failure.split("\n")[0] ?? "" };
  if (isLate) return { mutant, status: "killed", why: "its tests do not end" };
  // As where they wait for the end of something that has none.
  if (output.includes("heap out of memory")) return { mutant, status: "killed", why: "its tests need all memory" };
  // A mutant that cannot be loaded is no proof of a test.
  if (!result || result.passed + result.failed === 0) return broken(mutant, `no test has run: ${output}`);
  return { mutant, status: "survived", why: `${result.passed} tests pass` };
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
