// Types, lint and format. With --fix, the linter fixes what it can.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { projectPath, projectRoot } from "./support/projectRoot.ts";
import { RESULT_FILE, type SuiteResult } from "./support/testReporter.ts";

const lint = process.argv.includes("--fix") ? ["check", "--write"] : ["ci"];
const checks: readonly { readonly name: string; readonly command: readonly [string, ...string[]] }[] = [
  { name: "types", command: ["tsc", "-p", "tsconfig.json"] },
  ...(existsSync(projectPath("webview-ui", "tsconfig.json"))
    ? [{ name: "types of the panel", command: ["tsc", "-p", "webview-ui/tsconfig.json"] as const }]
    : []),
  // With colors, Biome writes an escape sequence around every letter, which is unreadable in a log.
  { name: "lint and format", command: ["biome", ...lint, "--error-on-warnings", "--colors=off"] },
];

const failures: string[] = [];
for (const { name, command } of checks) {
  const [program, ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: projectRoot,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  process.stdout.write(`  ${status === 0 ? "✔" : "✘"} ${name}\n`);
  if (status === 0) continue;
  failures.push(name);
  process.stdout.write(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}\n`);
}

const result: SuiteResult = { passed: checks.length - failures.length, failed: failures.length, failures };
const file = process.env[RESULT_FILE];
if (file) writeFileSync(file, JSON.stringify(result));
process.exitCode = failures.length > 0 ? 1 : 0;
