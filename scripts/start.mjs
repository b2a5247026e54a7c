// Starts one of the project's own scripts from a clone in any state: installs node_modules where they are missing or
// old, and runs the script under a Node that reads TypeScript. Usage: node scripts/start.mjs SCRIPT [ARGUMENTS…]
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/useImportExtensions: it means to import the declarations beside the module.
import { ensureDependencies, ensureNode } from "./lib/toolchain.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);

const bin = ensureNode();
const path = [join(root, "node_modules", ".bin"), bin, process.env.PATH].join(delimiter);
process.env.PATH = path;
ensureDependencies(root);

const child = spawn(join(bin, process.platform === "win32" ? "node.exe" : "node"), [join(root, script), ...args], {
  cwd: root,
  stdio: "inherit",
});
// The terminal sends its Ctrl-C to the child as well: it cleans up, we wait for it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
