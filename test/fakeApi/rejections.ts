import type { Refusal } from "./answers.ts";

type Body = Readonly<Record<string, unknown>>;

/** What the ChatGPT service takes; anything else is an "Unsupported parameter" there. */
const chatgptParameters: ReadonlySet<string> = new Set([
  "model",
  "instructions",
  "input",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "store",
  "stream",
  "include",
  "service_tier",
  "prompt_cache_key",
  "text",
  "client_metadata",
]);

/** Why the ChatGPT service refuses a body, in its own words. */
export function chatgptRejection(
  body: Body,
  model: { readonly lite: boolean } | undefined,
  liteHeader: boolean,
): Refusal | undefined {
  if (!model)
    return detail(`The '${String(body.model)}' model is not supported when using Codex with a ChatGPT account.`);
  for (const name of Object.keys(body)) {
    if (!chatgptParameters.has(name)) return detail(`Unsupported parameter: ${name}`);
  }
  if (body.store !== false) return detail("Store must be set to false");
  if (body.stream !== true) return detail("Stream must be set to true");
  if (!Array.isArray(body.input)) return detail("Input must be a list");
  if (model.lite) return liteRejection(body, liteHeader);
  if (typeof body.instructions !== "string" || body.instructions === "") return detail("Instructions are required");
  return callsRejection(body.input);
}

/** Why the Platform refuses a body. */
export function platformRejection(body: Body, modelKnown: boolean, reasons: boolean): Refusal | undefined {
  if (!modelKnown) {
    return {
      status: 404,
      json: { error: { code: "model_not_found", message: `The model '${String(body.model)}' does not exist` } },
    };
  }
  if (body.input === undefined) return invalid("Missing required parameter: 'input'.", "missing_required_parameter");
  if (!reasons && Array.isArray(body.include) && body.include.includes("reasoning.encrypted_content")) {
    return invalid("Encrypted content is not supported with this model.", "unsupported_value");
  }
  if (reasons && (body.temperature !== undefined || body.top_p !== undefined)) {
    return invalid("Unsupported parameter: 'temperature' is not supported with this model.", "unsupported_parameter");
  }
  return Array.isArray(body.input) ? callsRejection(body.input) : undefined;
}

/** Responses-lite models find their instructions and tools in the input, and think over all turns. */
function liteRejection(body: Body, liteHeader: boolean): Refusal | undefined {
  if (!liteHeader) return { status: 404, json: { detail: `Model not found ${String(body.model)}` } };
  if (body.instructions !== undefined || body.tools !== undefined) {
    return invalid("X-OpenAI-Internal-Codex-Responses-Lite does not take instructions or tools.", "unsupported_value");
  }
  const reasoning = body.reasoning as { context?: unknown } | undefined;
  if (reasoning?.context !== "all_turns") return invalid("reasoning.context must be all_turns", "unsupported_value");
  if (body.parallel_tool_calls !== false) return invalid("parallel_tool_calls must be false", "unsupported_value");
  return callsRejection(body.input as unknown[]);
}

/** Every call has its output, every output its call: both services refuse a history where one is missing. */
function callsRejection(input: readonly unknown[]): Refusal | undefined {
  const ids = (type: string) =>
    new Set(
      input
        .map((item) => item as { type?: unknown; call_id?: unknown })
        .filter((item) => item.type === type)
        .map((item) => item.call_id),
    );
  const calls = ids("function_call");
  const outputs = ids("function_call_output");
  for (const id of calls) if (!outputs.has(id)) return invalid(`No tool output found for function call ${String(id)}.`);
  for (const id of outputs)
    if (!calls.has(id)) return invalid(`No tool call found for function call output ${String(id)}.`);
  return undefined;
}

function detail(message: string): Refusal {
  return { status: 400, json: { detail: message } };
}

function invalid(message: string, code: string | null = null): Refusal {
  return { status: 400, json: { error: { type: "invalid_request_error", code, message } } };
}
