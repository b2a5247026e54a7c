import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { projectRoot } from "./projectRoot.ts";
import { RESULT_FILE, type SuiteResult } from "./testReporter.ts";

/** One part of `npm test`: a program that writes its result to a file. */
export interface Suite {
  readonly name: string;
  /** The program's arguments for Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which the suite is ended and counts as failed. */
  readonly limit: number;
  /** The words that give it its own loopback network, see `ownNetwork`. */
  readonly network?: readonly string[] | undefined;
  /** The program is no test runner: its exit code 0 counts as one passed test. */
  readonly single?: boolean;
}

/** The result of a suite. */
export interface SuiteOutcome extends SuiteResult {
  readonly name: string;
  readonly seconds: number;
}

const running = new Set<ChildProcess>();
let interrupted = false;

/**
 * Keeps further suites from starting and ends those that run: after Ctrl-C they end by themselves, because the terminal
 * sends it to them as well; any other signal is passed on.
 */
export function interruptSuites(signal: NodeJS.Signals): void {
  interrupted = true;
  if (signal !== "SIGINT") for (const child of running) end(child);
}

/** Ends a suite like Ctrl-C does, so that it ends its own programs first; by force when that does not help. */
function end(child: ChildProcess, grace = 15_000): void {
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), grace);
  child.once("close", () => clearTimeout(timer));
}

/**
 * Runs a suite. It fails when it crashes, hangs, has no test, writes no readable result, or leaves a program behind that
 * keeps its output open. Never rejects.
 * @param grace milliseconds to wait for a program that was told to end, and for output that is still open
 */
export async function runSuite(
  suite: Suite,
  resultFile: string,
  write: (text: string) => void,
  grace = 15_000,
): Promise<SuiteOutcome> {
  const started = performance.now();
  const outcome = (result: SuiteResult): SuiteOutcome => ({
    ...result,
    name: suite.name,
    seconds: (performance.now() - started) / 1000,
  });
  if (interrupted) return outcome(broken("interrupted"));
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", ...suite.args];
  const [command = "", ...args] = suite.network ? [...suite.network, ...node] : node;
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: { ...process.env, ...suite.env, [RESULT_FILE]: resultFile },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", write);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end(child, grace);
  }, suite.limit);
  let held = false;
  child.once("exit", () => {
    const wait = setTimeout(() => {
      held = true;
      child.stdout.destroy();
      child.stderr.destroy();
    }, grace);
    child.once("close", () => clearTimeout(wait));
  });
  const code = await new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (exit, signal) => resolve(exit ?? signal ?? "unknown"));
  });
  clearTimeout(timer);
  running.delete(child);

  const result = readResult(resultFile) ?? { passed: suite.single && code === 0 ? 1 : 0, failed: 0, failures: [] };
  if (late) return outcome(broken(`did not end within ${suite.limit / 1000} s`, result));
  if (held) return outcome(broken("left a program behind that holds its output", result));
  if (result.passed + result.failed === 0)
    return outcome(broken(suite.single ? `ended with ${code}` : `ran no test (exit code ${code})`, result));
  if (code !== 0 && result.failed === 0) return outcome(broken(`ended with ${code}`, result));
  return outcome(result);
}

function readResult(file: string): SuiteResult | undefined {
  try {
    const { passed, failed, failures } = JSON.parse(readFileSync(file, "utf8")) as SuiteResult;
    const isResult = Number.isInteger(passed) && Number.isInteger(failed) && Array.isArray(failures);
    return isResult ? { passed, failed, failures } : undefined;
  } catch {
    return undefined;
  }
}

function broken(why: string, result: SuiteResult = { passed: 0, failed: 0, failures: [] }): SuiteResult {
  return { ...result, failed: result.failed + 1, failures: [...result.failures, `the suite ${why}`] };
}
