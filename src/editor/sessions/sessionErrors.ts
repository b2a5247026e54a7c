import { sentenceFor } from "../../shared/problem.ts";

/** An error as VS Code and other extensions get it: a sentence of ours, whatever was thrown, and no stack. */
export function sessionError(error: unknown): Error {
  return Object.assign(new Error(sentenceFor(error)), { stack: "" });
}
