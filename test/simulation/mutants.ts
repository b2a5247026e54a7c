import type { Rule } from "./rules.ts";
import type { Replacement } from "./world/moduleHooks.ts";

/** A change of the product that breaks a rule. */
export interface Mutant {
  readonly name: string;
  readonly rule: Rule;
  readonly replacements: readonly Replacement[];
}

export const mutants: readonly Mutant[] = [];

/** @throws Error when there is none of this name */
export function mutantOf(name: string): Mutant {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`There is no mutant ${name}`);
  return mutant;
}
