// Runs test files with mocha under plain Node, which reads their TypeScript itself.
// Usage: node test/support/runMocha.ts TIMEOUT_MS FILES…
import { resolve } from "node:path";
// First, so that files which import `vscode` can be loaded.
import "./vscodeStub/register.ts";
import { createMocha } from "./testReporter.ts";

// Mocha notices an exception that nobody catches; of a rejection that nobody awaits only its own command line does.
process.on("unhandledRejection", (reason) => {
  throw reason;
});
const [timeout, ...files] = process.argv.slice(2);
const mocha = createMocha(Number(timeout));
for (const file of files) mocha.addFile(resolve(file));
await mocha.loadFilesAsync();
const failed = await new Promise<number>((done) => mocha.run(done));
// What the last hook has left rejected is noticed at the end of its turn.
await new Promise(setImmediate);
// A test that leaves something open must not keep the run from ending.
process.exit(failed > 0 ? 1 : 0);
