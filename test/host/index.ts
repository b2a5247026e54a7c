import { readdirSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import Mocha from "mocha";
import { createMocha } from "../support/testReporter.ts";

/** What VS Code calls in its extension host: runs the bundled test files beside this one. */
export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  markReport(process.env.TEST_REPORT_MARK ?? "");
  const mocha = createMocha(20_000);
  for (const name of readdirSync(__dirname).filter((file) => file.endsWith(".test.cjs"))) {
    mocha.addFile(join(__dirname, name));
  }
  const failed = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failed > 0) throw new Error(`${failed} failed`);
}

/** Lets the outer process tell the report from what the workbench and other extensions print. */
function markReport(mark: string): void {
  const { Base } = Mocha.reporters;
  const print = Base.consoleLog;
  Base.consoleLog = (...args: unknown[]) => print(mark + format(...args));
}
