import type { Replacement } from "../support/replacements.ts";

/** The environment variable with the replacements of a test run, as JSON. */
export const REPLACEMENTS = "MUTANT_REPLACEMENTS";

/** The product without one of its guards: some test must fail. */
export interface Mutant {
  /** What is wrong with it. */
  readonly name: string;
  readonly replacements: readonly Replacement[];
  /** The narrowest test files that notice it, below test/. */
  readonly tests: readonly string[];
  /** The tests in them that are run, by a part of their titles; all when it is missing. */
  readonly grep?: string;
}

/** Of a mutant: its name, the text in the file, what it becomes, and its tests where they are other ones than its group's. */
export type Change = readonly [name: string, text: string, by: string, tests?: string];

/**
 * The mutants of one file.
 * @param file below src/
 * @param tests test files below test/unit/, without `.test.ts`, separated by spaces; and after ` / ` a part of the titles of
 * the tests in them
 */
export function mutantsOf(file: string, tests: string, changes: readonly Change[]): Mutant[] {
  return changes.map(([name, text, by, others = tests]) => {
    const [files = "", grep] = others.split(" / ");
    return {
      name,
      replacements: [{ file, text, by }],
      tests: files.split(" ").map((test) => `unit/${test}.test.ts`),
      ...(grep !== undefined && { grep }),
    };
  });
}
