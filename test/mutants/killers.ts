import { readFileSync, writeFileSync } from "node:fs";
import { projectPath } from "../support/projectRoot.ts";
import type { TestChoice } from "./testRun.ts";

/** A single test, which has noticed a mutant. */
export interface KillingTest {
  /** Its file, below test/. */
  readonly file: string;
  /** Its title, after those of its suites. */
  readonly title: string;
}

/** Of mutants, by name: the test that noticed each. A hint where to look first, which may be wrong. */
export type Killers = ReadonlyMap<string, KillingTest>;

const killersFile = projectPath("test", "mutants", "killers.json");
const separator = " / ";

/** The killers that the repository has. */
export function readKillers(): Killers {
  const noted = JSON.parse(readFileSync(killersFile, "utf8")) as Record<string, string>;
  return new Map(
    Object.entries(noted).map(([name, test]) => {
      const [file = "", ...title] = test.split(separator);
      return [name, { file, title: title.join(separator) }];
    }),
  );
}

/** Writes the killers to the repository: those of `names`, in their order. */
export function writeKillers(killers: Killers, names: readonly string[]): void {
  const noted = names.flatMap((name) => {
    const killer = killers.get(name);
    return killer ? [[name, `${killer.file}${separator}${killer.title}`]] : [];
  });
  writeFileSync(killersFile, `${JSON.stringify(Object.fromEntries(noted), null, 2)}\n`);
}

/** Chooses this test and no other. */
export function onlyTest({ file, title }: KillingTest): TestChoice {
  return { tests: [file], grep: `^${title.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("\n", "\\n")}$` };
}
