import * as z from "zod/mini";
import { shownText } from "../shared/shownText.ts";
import { isModelId, mostModels } from "./chatgptModels.ts";
import type { ChatModel } from "./model.ts";
import type { ReasoningLevel } from "./modelOptions.ts";

/**
 * `GET /v1/models` has only ids, so a rule decides what is offered for chat:
 * - the id (of a fine-tuned model: its base) begins like one of the families below, all of which the Responses API serves;
 * - it names no other purpose (audio, images, search, transcription, …);
 * - it is not a dated snapshot of an alias that is in the list too.
 * Newest family first, short names before their variants. Sizes are from the models' pages; a family that is not
 * known yet gets the cautious ones of its generation.
 */
interface Family {
  readonly pattern: RegExp;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly reasoningLevels: readonly ReasoningLevel[];
  readonly toolCalling?: boolean;
  readonly imageInput?: boolean;
  readonly verbosity?: boolean;
}

const families: readonly Family[] = [
  // The chat variants of the gpt-5 line do not reason and call no tools.
  {
    pattern: /^gpt-\d+(\.\d+)?-chat/,
    maxInputTokens: 111_616,
    maxOutputTokens: 16_384,
    reasoningLevels: [],
    toolCalling: false,
  },
  {
    pattern: /^gpt-([5-9]|\d{2,})(\.\d+)?($|-)/,
    maxInputTokens: 272_000,
    maxOutputTokens: 128_000,
    reasoningLevels: ["low", "medium", "high"],
    verbosity: true,
  },
  { pattern: /^gpt-4\.1($|-)/, maxInputTokens: 1_014_808, maxOutputTokens: 32_768, reasoningLevels: [] },
  { pattern: /^chatgpt-4o/, maxInputTokens: 111_616, maxOutputTokens: 16_384, reasoningLevels: [], toolCalling: false },
  { pattern: /^gpt-4o($|-)/, maxInputTokens: 111_616, maxOutputTokens: 16_384, reasoningLevels: [] },
  {
    pattern: /^o3-mini($|-)/,
    maxInputTokens: 100_000,
    maxOutputTokens: 100_000,
    reasoningLevels: ["low", "medium", "high"],
    imageInput: false,
  },
  {
    pattern: /^o(1|3|4-mini)($|-(?!mini|preview))/,
    maxInputTokens: 100_000,
    maxOutputTokens: 100_000,
    reasoningLevels: ["low", "medium", "high"],
  },
];

const otherPurpose =
  /audio|realtime|transcribe|tts|image|search|embedding|moderation|instruct|deep-research|computer-use|whisper|diarize/;

const snapshot = /-\d{4}-\d{2}-\d{2}$/;

const listSchema = z.object({ data: z.array(z.unknown()) });
const entrySchema = z.object({ id: z.string().check(z.refine(isModelId)) });

/**
 * The chat models of an API key.
 * @returns undefined when the answer as a whole is not a list of models
 */
export function parsePlatformList(json: unknown): readonly ChatModel[] | undefined {
  const list = z.safeParse(listSchema, json);
  if (!list.success) return undefined;
  return platformModels(list.data.data.flatMap((entry) => z.safeParse(entrySchema, entry).data?.id ?? []));
}

function platformModels(ids: readonly string[]): readonly ChatModel[] {
  const known = new Set(ids);
  return [...known]
    .filter((id) => !(snapshot.test(id) && known.has(id.replace(snapshot, ""))))
    .flatMap((id) => platformModel(id) ?? [])
    .sort((a, b) => b.rank - a.rank || a.model.id.length - b.model.id.length || a.model.id.localeCompare(b.model.id))
    .slice(0, mostModels)
    .map(({ model }) => model);
}

function platformModel(id: string): { model: ChatModel; rank: number } | undefined {
  // ft:BASE:organization:name:id
  const base = id.startsWith("ft:") ? (id.split(":")[1] ?? "") : id;
  const family = families.find(({ pattern }) => pattern.test(base));
  if (!family || otherPurpose.test(base)) return undefined;
  return {
    // gpt-5.5 before gpt-5 before gpt-4.1; the o line after it.
    rank: Number.parseFloat(/^gpt-([\d.]+)/.exec(base)?.[1] ?? "0"),
    model: {
      id,
      name: shownText(id) ?? id,
      description: undefined,
      family: base.replace(snapshot, ""),
      maxInputTokens: family.maxInputTokens,
      maxOutputTokens: family.maxOutputTokens,
      toolCalling: family.toolCalling ?? true,
      imageInput: family.imageInput ?? true,
      // Models that reason without the parallel switch refuse it; the gpt lines take it.
      parallelToolCalls: base.startsWith("gpt-"),
      reasoningLevels: family.reasoningLevels,
      // Left out of the request, so that the service uses its own.
      defaultReasoningLevel: undefined,
      verbosity: family.verbosity ?? false,
      responsesLite: false,
    },
  };
}
