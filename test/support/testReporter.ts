import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import Mocha from "mocha";
import { projectPath } from "./projectRoot.ts";

/** What a suite writes to its result file. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  /** Title and error of each test that failed. */
  readonly failures: readonly string[];
  /** The test that ran when something failed first: its file, below test/, and its title after those of its suites. */
  readonly firstFailed?: { readonly file: string; readonly title: string };
}

/** The environment variable that names the file `TestReporter` writes its result to. */
export const RESULT_FILE = "TEST_RESULT_FILE";

/** The most characters of an error that the summary shows. */
const longestMessage = 2_000;

/** Mocha's spec reporter, which also writes a `SuiteResult` where TEST_RESULT_FILE says. */
export class TestReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    let passed = 0;
    const failures: string[] = [];
    let running: Mocha.Test | undefined;
    let firstFailed: SuiteResult["firstFailed"];
    runner.on(Mocha.Runner.constants.EVENT_TEST_BEGIN, (test) => {
      running = test;
    });
    runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, () => {
      passed += 1;
    });
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error: unknown) => {
      failures.push(describeFailure(test.fullTitle(), error));
      // A hook before all tests fails before any of them runs.
      if (running?.file) {
        firstFailed ??= { file: relative(projectPath("test"), running.file), title: running.fullTitle() };
      }
    });
    runner.on(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const file = process.env[RESULT_FILE];
      const failed = { failed: failures.length, failures, ...(firstFailed && { firstFailed }) };
      if (file) writeFileSync(file, JSON.stringify({ passed, ...failed } satisfies SuiteResult));
    });
  }
}

/** The summary alone must tell what failed: of a long report, not all may be at hand. */
function describeFailure(title: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const shown = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
  return [title, ...shown.split("\n")].join("\n    ");
}

/**
 * Mocha as every suite uses it: `.only` and skipped tests are errors, and no test is tried again. `MOCHA_GREP` narrows
 * the tests; with `MOCHA_BAIL`, the first failure ends the run. The report has the time of slow tests.
 */
export function createMocha(timeout: number): Mocha {
  const grep = process.env.MOCHA_GREP;
  return new Mocha({
    ui: "bdd",
    timeout,
    slow: 2000,
    forbidOnly: true,
    forbidPending: true,
    color: process.env.NO_COLOR === undefined && process.env.MOCHA_COLORS === "1",
    reporter: TestReporter,
    bail: process.env.MOCHA_BAIL === "1",
    ...(grep ? { grep } : {}),
  });
}
