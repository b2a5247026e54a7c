import type { ReasoningLevel } from "./modelOptions.ts";

/** A model that a person can pick, whichever service lists it. Sizes are in tokens. */
export interface ChatModel {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  /** e.g. `gpt-5.5` of `gpt-5.5-mini-2026-02-01` */
  readonly family: string;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly toolCalling: boolean;
  readonly imageInput: boolean;
  readonly parallelToolCalls: boolean;
  /** Empty: the model does not reason. */
  readonly reasoningLevels: readonly ReasoningLevel[];
  readonly defaultReasoningLevel: ReasoningLevel | undefined;
  readonly verbosity: boolean;
  /** Wants the other form of body, see `responses.ts`. */
  readonly responsesLite: boolean;
}
