import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What a suite writes to its result file. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  /** Titles of what failed. */
  readonly failures: readonly string[];
}

/** The environment variable that names the file `TestReporter` writes its result to. */
export const RESULT_FILE = "TEST_RESULT_FILE";

/** Mocha's spec reporter, which also writes a `SuiteResult` where TEST_RESULT_FILE says. */
export class TestReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    let passed = 0;
    const failures: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, () => {
      passed += 1;
    });
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test) => failures.push(test.fullTitle()));
    runner.on(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const file = process.env[RESULT_FILE];
      if (file)
        writeFileSync(file, JSON.stringify({ passed, failed: failures.length, failures } satisfies SuiteResult));
    });
  }
}

/**
 * Mocha as every suite uses it: `.only` and skipped tests are errors, and no test is tried again. `MOCHA_GREP` narrows
 * the tests. The report has the time of slow tests.
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
    ...(grep ? { grep } : {}),
  });
}
