import * as z from "zod/mini";
import { isHeaderValue } from "../platform/headerValue.ts";
import { shownText } from "../shared/shownText.ts";
import type { ChatModel } from "./model.ts";
import { type ReasoningLevel, reasoningLevels } from "./modelOptions.ts";

const defaultContextTokens = 272_000;
/** The catalogue does not have it; 128k is what every model of the gpt-5 line may answer with. */
const outputTokens = 128_000;

/** More models than a person can choose from are no catalogue; nor is a longer id one. */
export const mostModels = 500;
const longestId = 200;
const mostTokens = 100_000_000;

/** Whether an id can be sent, stored and shown as it is: visible ASCII. */
export function isModelId(id: string): boolean {
  return id.length <= longestId && isHeaderValue(id);
}

const levelSchema = z.object({ effort: z.string() });

/** Of an entry of `codex/models`, only what is used; every field but the slug may be missing. */
const entrySchema = z.object({
  slug: z.string().check(z.refine(isModelId)),
  display_name: z.optional(z.nullable(z.string())),
  description: z.optional(z.nullable(z.string())),
  visibility: z.optional(z.nullable(z.string())),
  priority: z.optional(z.nullable(z.number())),
  context_window: z.optional(z.nullable(z.number())),
  effective_context_window_percent: z.optional(z.nullable(z.number())),
  supported_reasoning_levels: z.optional(z.nullable(z.array(z.unknown()))),
  default_reasoning_level: z.optional(z.nullable(z.string())),
  support_verbosity: z.optional(z.nullable(z.boolean())),
  supports_parallel_tool_calls: z.optional(z.nullable(z.boolean())),
  input_modalities: z.optional(z.nullable(z.array(z.string()))),
  use_responses_lite: z.optional(z.nullable(z.boolean())),
});

const catalogueSchema = z.object({ models: z.array(z.unknown()) });

/**
 * The visible models of ChatGPT's catalogue, in its own order. Entries of an unknown shape are skipped.
 * @returns undefined when the answer as a whole is not a catalogue
 */
export function parseCatalogue(json: unknown): readonly ChatModel[] | undefined {
  const catalogue = z.safeParse(catalogueSchema, json);
  if (!catalogue.success) return undefined;
  return catalogue.data.models
    .flatMap((entry) => z.safeParse(entrySchema, entry).data ?? [])
    .filter((entry) => entry.visibility === "list")
    .slice(0, mostModels)
    .sort((a, b) => (a.priority ?? Number.MAX_SAFE_INTEGER) - (b.priority ?? Number.MAX_SAFE_INTEGER))
    .map(catalogueModel);
}

function catalogueModel(entry: z.infer<typeof entrySchema>): ChatModel {
  const window = within(mostTokens, entry.context_window) ?? defaultContextTokens;
  const percent = within(100, entry.effective_context_window_percent) ?? 95;
  const levels = (entry.supported_reasoning_levels ?? []).flatMap((level) => {
    const { effort } = z.safeParse(levelSchema, level).data ?? {};
    return knownLevel(effort) ?? [];
  });
  return {
    id: entry.slug,
    name: shownText(entry.display_name ?? undefined) ?? entry.slug,
    description: shownText(entry.description ?? undefined, 300),
    family: entry.slug,
    maxInputTokens: Math.floor((window * percent) / 100),
    maxOutputTokens: outputTokens,
    toolCalling: true,
    // Catalogues from before this field mean both.
    imageInput: entry.input_modalities?.includes("image") ?? true,
    parallelToolCalls: entry.supports_parallel_tool_calls ?? true,
    reasoningLevels: levels,
    defaultReasoningLevel: knownLevel(entry.default_reasoning_level),
    verbosity: entry.support_verbosity ?? false,
    responsesLite: entry.use_responses_lite ?? false,
  };
}

/** A number above 0 and up to `most`. */
function within(most: number, value: number | null | undefined): number | undefined {
  return typeof value === "number" && value > 0 && value <= most ? value : undefined;
}

function knownLevel(name: string | null | undefined): ReasoningLevel | undefined {
  return reasoningLevels.find((level) => level === name);
}
