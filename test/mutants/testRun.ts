import { readFileSync } from "node:fs";
import { startProcessTree } from "../support/cleanUp.ts";
import { projectRoot } from "../support/projectRoot.ts";
import { RESULT_FILE, type SuiteResult } from "../support/testReporter.ts";
import { type Mutant, REPLACEMENTS } from "./mutant.ts";

/** Tests that are run together. */
export interface TestChoice {
  /** Their files, below test/. */
  readonly tests: readonly string[];
  /** Only those whose titles match, see `createMocha`. */
  readonly grep?: string;
}

export interface TestRunOptions {
  /** Where the run writes its result. */
  readonly resultFile: string;
  /** The folder in which V8 keeps what it has compiled, for all runs. */
  readonly compileCache: string;
  /** The words that give the run its own loopback network, see `ownNetwork`. */
  readonly network: readonly string[];
  /** The run is ended after so long, ms. */
  readonly limitMs: number;
  /** A test that does not say how long it may take gets so long, ms. */
  readonly testLimitMs: number;
  /** What the tests are to notice: the first failure ends the run. */
  readonly mutant?: Mutant | undefined;
}

/** How a test run has ended: its result if it has written one, and the end of what it said. */
export interface Ending {
  readonly result: SuiteResult | undefined;
  readonly isLate: boolean;
  readonly output: string;
  /** How long it took. */
  readonly ms: number;
}

const install = new URL("./install.ts", import.meta.url).href;

/** Runs tests in a process of their own. Never rejects because of what they do. */
export async function runTests({ tests, grep }: TestChoice, options: TestRunOptions): Promise<Ending> {
  const { resultFile, compileCache, network, limitMs, testLimitMs, mutant } = options;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", `--import=${install}`];
  const files = tests.map((test) => `test/${test}`);
  const [command = "", ...args] = [...network, ...node, "test/support/runMocha.ts", `${testLimitMs}`, ...files];
  const { MOCHA_GREP: _grep, ...environment } = process.env;
  const { child, output, stop } = startProcessTree(command, args, {
    cwd: projectRoot,
    env: {
      ...environment,
      [RESULT_FILE]: resultFile,
      NODE_COMPILE_CACHE: compileCache,
      ...(mutant && { MOCHA_BAIL: "1", [REPLACEMENTS]: JSON.stringify(mutant.replacements) }),
      ...(grep !== undefined && { MOCHA_GREP: grep }),
    },
  });
  const started = performance.now();
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
  const ms = performance.now() - started;
  await stop();
  return { result: readResult(resultFile), isLate, output: output().slice(-5_000), ms };
}

function readResult(file: string): SuiteResult | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SuiteResult;
  } catch {
    return undefined;
  }
}
