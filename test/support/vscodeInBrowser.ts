#!/usr/bin/env node
// A VS Code "executable" for @vscode/test-electron: takes --extensionDevelopmentPath=… and --extensionTestsPath=…, runs
// the tests in the extension host of a code-server whose workbench is shown by a headless Chromium, passes the
// extension host's console through and exits with the tests' code.
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format, parseArgs } from "node:util";
import { createVSIX } from "@vscode/vsce";
import { launchBrowser, newPerson } from "./browser.ts";
import { temporaryDirectory } from "./cleanUp.ts";
import { type CodeServer, startCodeServer } from "./codeServer.ts";
import { within } from "./timing.ts";

const { values } = parseArgs({
  options: { extensionDevelopmentPath: { type: "string", multiple: true }, extensionTestsPath: { type: "string" } },
  // Like a desktop VS Code, accept many more arguments.
  strict: false,
});
const { extensionDevelopmentPath, extensionTestsPath } = values;
if (!Array.isArray(extensionDevelopmentPath) || typeof extensionTestsPath !== "string") {
  throw new Error("Usage: vscodeInBrowser.ts --extensionDevelopmentPath=FOLDER --extensionTestsPath=MODULE");
}
const [developed, ...others] = extensionDevelopmentPath.map(String);
/** The report is marked with this; the rest of the console is shown only when something is wrong. */
const mark = "[tests] ";
let noise = "";
const limit = Number(process.env.HOST_TESTS_LIMIT ?? 240_000);

// A built workbench looks at the two paths only when the smoke test driver is on.
const server = await startCodeServer({
  env: { TEST_REPORT_MARK: mark },
  extraArgs: ["--vscode-option", "enable-smoke-test-driver"],
});
const browser = await launchBrowser();
const folder = temporaryDirectory();
try {
  // A workbench in a browser takes one such path only.
  for (const path of others) await install(path);
  process.exitCode = await within(limit, "The tests in the extension host did not end", runTests(server));
  if (process.exitCode !== 0) process.stderr.write(noise);
} catch (error) {
  process.stderr.write(`${noise}\n${server.logs()}\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  await folder.remove();
  await browser.close();
  await server.stop();
}

async function install(path: string): Promise<void> {
  const packagePath = join(folder.path, `${basename(path)}.vsix`);
  await createVSIX({ cwd: path, packagePath, dependencies: false, skipLicense: true, allowMissingRepository: true });
  await server.installExtension(packagePath);
}

async function runTests({ origin, port }: CodeServer): Promise<number> {
  const page = await (await newPerson(browser)).newPage();
  const ended = Promise.withResolvers<number>();
  page.on("crash", () => ended.reject(new Error("The page has crashed")));
  await page.exposeFunction("codeAutomationLog", (type: string, args: unknown[]) => {
    const text = `${format(...args)}\n`;
    if (text.startsWith(mark)) process.stdout.write(text.slice(mark.length));
    // VS Code's built-in agent host logs this a hundred times a minute.
    else if (!text.startsWith("[AgentHost")) noise += `${type}: ${text}`;
  });
  await page.exposeFunction("codeAutomationExit", (code: number) => ended.resolve(code));
  // The clone's path may have any characters.
  const remote = (path: string) => `vscode-remote://127.0.0.1:${port}${pathToFileURL(path).pathname}`;
  const payload = [
    ["extensionDevelopmentPath", remote(String(developed))],
    ["extensionTestsPath", remote(String(extensionTestsPath))],
    ["skipWelcome", "true"],
  ];
  await page.goto(`${origin}/?payload=${encodeURIComponent(JSON.stringify(payload))}`);
  return ended.promise;
}
