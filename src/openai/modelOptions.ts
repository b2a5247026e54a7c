import { asNumber } from "../platform/untrusted.ts";

export const reasoningLevels = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;
export type ReasoningLevel = (typeof reasoningLevels)[number];

const verbosities = ["low", "medium", "high"] as const;
const serviceTiers = ["auto", "default", "flex", "priority"] as const;

/** The options a caller may set for a request. */
export interface AllowedOptions {
  readonly reasoningEffort?: ReasoningLevel;
  readonly verbosity?: (typeof verbosities)[number];
  readonly serviceTier?: (typeof serviceTiers)[number];
  readonly parallelToolCalls?: boolean;
  /** The following three only in API-key mode. */
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Takes from a caller's `modelOptions` what is on the list, under the API's names (`reasoning_effort`, `verbosity`,
 * `service_tier`, `parallel_tool_calls`, `max_output_tokens` or `max_tokens`, `temperature`, `top_p`) or the same in
 * camel case. Anything else, and any value of the wrong kind, is left out: it could change what the request is
 * (`store`, `model`, `instructions`).
 */
export function allowedOptions(options: { readonly [name: string]: unknown } | undefined): AllowedOptions {
  const given = (...names: string[]): unknown =>
    names.map((name) => options?.[name]).find((value) => value !== undefined);
  const allowed: Mutable<AllowedOptions> = {};
  const effort = oneOf(reasoningLevels, given("reasoning_effort", "reasoningEffort"));
  if (effort) allowed.reasoningEffort = effort;
  const verbosity = oneOf(verbosities, given("verbosity"));
  if (verbosity) allowed.verbosity = verbosity;
  const tier = oneOf(serviceTiers, given("service_tier", "serviceTier"));
  if (tier) allowed.serviceTier = tier;
  const parallel = given("parallel_tool_calls", "parallelToolCalls");
  if (typeof parallel === "boolean") allowed.parallelToolCalls = parallel;
  const limit = asNumber(given("max_output_tokens", "maxOutputTokens", "max_tokens", "maxTokens"));
  // The API's minimum.
  if (limit !== undefined && limit >= 16) allowed.maxOutputTokens = Math.floor(limit);
  const temperature = asNumber(given("temperature"));
  if (temperature !== undefined && temperature >= 0 && temperature <= 2) allowed.temperature = temperature;
  const topP = asNumber(given("top_p", "topP"));
  if (topP !== undefined && topP >= 0 && topP <= 1) allowed.topP = topP;
  return allowed;
}

function oneOf<T extends string>(list: readonly T[], value: unknown): T | undefined {
  return list.find((item) => item === value);
}
