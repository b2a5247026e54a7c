// Starts one of the project's own scripts from a clone in any state: installs node_modules where they are missing or
// old, and runs the script under a Node that reads TypeScript. Loaded by start.cjs, which has checked this Node's version.
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/useImportExtensions: plain JavaScript, for a Node that cannot read TypeScript.
import { npmEnvironment } from "./lib/npmEnvironment.mjs";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { cacheDirectory, ensureDependencies, ensureNode } from "./lib/toolchain.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);

// npm is beside its Node, which need not be on PATH: `/opt/node/bin/node scripts/start.cjs …`.
process.env.PATH = [process.env.PATH, dirname(process.execPath)].filter(Boolean).join(delimiter);
// Programs that are started from here may run in another folder.
if (process.env.CHATGPT_SIGN_IN_CACHE) process.env.CHATGPT_SIGN_IN_CACHE = cacheDirectory();

try {
  start(ensureNode());
} catch (error) {
  // The message says what is missing and what to do; a stack would not help.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function start(bin) {
  const environment = npmEnvironment(process.env);
  process.env.PATH = [join(root, "node_modules", ".bin"), bin, process.env.PATH].join(delimiter);
  ensureDependencies(root);
  const node = join(bin, process.platform === "win32" ? "node.exe" : "node");
  const child = spawn(node, [join(root, script), ...args], {
    cwd: root,
    // vsce starts npm as well.
    env: { ...environment, PATH: process.env.PATH },
    stdio: "inherit",
  });
  // The terminal sends Ctrl-C to the child as well; wait while it cleans up.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
  // It was built for another C library (Alpine), or the folder does not allow programs to run.
  child.on("error", (error) => {
    process.stderr.write(
      `${node} could not be started (${error.code}). Install Node.js 24 with its headers by your system's means, and run the command again with it.\n`,
    );
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0);
  });
}
