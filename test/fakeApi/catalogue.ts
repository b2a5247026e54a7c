import type { FakeApiOptions } from "./fakeApi.ts";

const levels = ["low", "medium", "high", "xhigh"].map((effort) => ({ effort, description: `${effort} effort` }));

/** Entries as the ChatGPT service sends them, with fields that no client of ours reads. */
function entry(slug: string, fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    slug,
    display_name: slug.replace("gpt", "GPT"),
    description: `Description of ${slug}.`,
    default_reasoning_level: "medium",
    supported_reasoning_levels: levels,
    shell_type: "shell_command",
    visibility: "list",
    supported_in_api: true,
    priority: 10,
    base_instructions: "You are a coding agent.",
    supports_reasoning_summaries: true,
    support_verbosity: true,
    default_verbosity: "low",
    supports_parallel_tool_calls: true,
    context_window: 272_000,
    effective_context_window_percent: 95,
    experimental_supported_tools: [],
    input_modalities: ["text", "image"],
    truncation_policy: { mode: "tokens", limit: 10_000 },
    ...fields,
  };
}

/** An account's models: two for the picker, one of the lite form, one hidden. */
export const usualModels: FakeApiOptions = {
  catalogue: [
    entry("gpt-5.2", { priority: 20, input_modalities: ["text"], supports_parallel_tool_calls: false }),
    entry("gpt-5.5", { priority: 1 }),
    entry("gpt-5.6-sol", { priority: 5, use_responses_lite: true, minimal_client_version: "0.144.0" }),
    entry("gpt-5.4-mini", { priority: 30, visibility: "hide" }),
  ],
  platformModels: [
    "gpt-4o",
    "gpt-4o-2024-08-06",
    "gpt-4o-audio-preview",
    "gpt-4.1-mini",
    "gpt-5.5",
    "gpt-5.5-2026-02-01",
    "gpt-5-chat-latest",
    "gpt-image-1",
    "o3",
    "o3-deep-research",
    "text-embedding-3-large",
    "whisper-1",
  ],
};
