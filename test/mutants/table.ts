import { consentMutants } from "./consent.ts";
import { listenerMutants } from "./listener.ts";
import type { Mutant } from "./mutant.ts";
import { platformMutants } from "./platform.ts";
import { signInMutants } from "./signIn.ts";
import { tokenMutants } from "./tokens.ts";

/** Every mutant. Their names differ. */
export const mutants: readonly Mutant[] = [
  ...listenerMutants,
  ...signInMutants,
  ...tokenMutants,
  ...platformMutants,
  ...consentMutants,
];
