// Loaded before a test run (node --import): makes the replacements of a mutant, which the environment names.
import { installReplacements, type Replacement } from "../support/replacements.ts";
import { REPLACEMENTS } from "./mutant.ts";

installReplacements(JSON.parse(process.env[REPLACEMENTS] ?? "[]") as Replacement[]);
