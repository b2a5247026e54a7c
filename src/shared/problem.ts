import { type ProblemCode, type ProblemParams, problemSentence, unexpectedSentence } from "./words.ts";

export type { ProblemCode } from "./words.ts";

/**
 * The only error that our own code throws for a person to see. `message` is its sentence and safe to show; `detail` (a
 * status, an error code of the protocol) goes into the log only and is redacted there.
 */
export class Problem<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name = "Problem";
  readonly code: Code;
  readonly detail: string | undefined;
  /** What the sentence names. */
  readonly params: ProblemParams<Code>[0];

  constructor(code: Code, detail?: string, ...params: ProblemParams<Code>) {
    super(problemSentence(code, ...params));
    this.code = code;
    this.detail = detail;
    this.params = params[0];
  }
}

/** The sentence a person sees for any thrown value. */
export function sentenceFor(error: unknown): string {
  return error instanceof Problem ? error.message : unexpectedSentence();
}

/** Whether an error is a problem, with one of these codes where there are any. */
export function isProblem(error: unknown, ...codes: ProblemCode[]): error is Problem {
  return error instanceof Problem && (codes.length === 0 || codes.includes(error.code));
}
