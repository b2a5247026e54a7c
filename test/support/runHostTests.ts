// Runs the tests of test/host in a VS Code: ours in the browser, or with --desktop (VSCODE_EXECUTABLE, else the
// newest stable one, downloaded) a desktop VS Code.
import { runTests } from "@vscode/test-electron";
import { buildHostTests } from "./buildHostTests.ts";
import { temporaryDirectory } from "./cleanUp.ts";
import { projectPath, projectRoot } from "./projectRoot.ts";

const { testsPath, files } = await buildHostTests();
if (files === 0) throw new Error("There are no tests in test/host");
const desktop = process.argv.includes("--desktop") || process.env.VSCODE_EXECUTABLE !== undefined;
const profile = temporaryDirectory();
const host = desktop
  ? {
      ...(process.env.VSCODE_EXECUTABLE ? { vscodeExecutablePath: process.env.VSCODE_EXECUTABLE } : {}),
      launchArgs: [`--user-data-dir=${profile.path}/user`, `--extensions-dir=${profile.path}/extensions`],
    }
  : {
      vscodeExecutablePath: process.execPath,
      launchArgs: [projectPath("test", "support", "vscodeInBrowser.ts")],
    };
// A second extension, for what other extensions see of ours.
const probe = projectPath("test", "host", "probe");
await runTests({ ...host, extensionDevelopmentPath: [projectRoot, probe], extensionTestsPath: testsPath }).catch(
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
await profile.remove();
