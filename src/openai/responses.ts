import type {
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseFunctionCallOutputItem,
  ResponseInputContent,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import type { Backend } from "./backend.ts";
import type { ChatMessage, ImageContent, ReasoningItem, TextContent, ToolCall, ToolDefinition } from "./messages.ts";
import type { AllowedOptions } from "./modelOptions.ts";
import type { ChatModel } from "./models.ts";

/** An assistant's earlier text. The official type wants ids that only a stored answer has. */
interface AssistantMessage {
  type: "message";
  role: "assistant";
  content: [{ type: "output_text"; text: string }];
}

export type InputItem = ResponseInputItem | AssistantMessage;

/** The official parameters, with the fields that every request of ours has. */
export type RequestBody = Omit<ResponseCreateParamsStreaming, "input" | "model"> & {
  model: string;
  input: InputItem[];
  store: false;
  stream: true;
};

export interface Conversation {
  readonly model: ChatModel;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  /** The model must call one of the tools. */
  readonly toolRequired: boolean;
  readonly options: AllowedOptions;
  /** Same for the turns of one conversation; steers the service's prompt cache. */
  readonly cacheKey: string;
  /** Ask for a readable summary of the model's thinking: only where it can be shown. */
  readonly showThinking: boolean;
}

/** The ChatGPT service refuses a request without instructions ("Instructions are required"). */
const defaultInstructions = "You are a helpful assistant.";

/** What an unanswered call is answered with: the service refuses a call without an output. */
const noOutput = "(no result)";

/**
 * The body of a request. Pure. Nothing is stored at the service (`store: false`) in either mode.
 *
 * ChatGPT mode leaves out what that service refuses: `max_output_tokens`, `temperature`, `top_p` (protocol.md,
 * section 10, "Rejections").
 */
export function requestBody(backend: Pick<Backend, "kind">, conversation: Conversation): RequestBody {
  const { model, options, cacheKey } = conversation;
  const chatgpt = backend.kind === "chatgpt";
  const { instructions, rest } = splitInstructions(conversation.messages);
  const body: RequestBody = {
    model: model.id,
    instructions: instructions || defaultInstructions,
    input: inputItems(rest),
    store: false,
    stream: true,
    prompt_cache_key: cacheKey,
  };
  const tools = conversation.tools.map(functionTool);
  if (tools.length > 0) {
    body.tools = tools;
    body.tool_choice = conversation.toolRequired ? "required" : "auto";
    body.parallel_tool_calls = options.parallelToolCalls ?? model.parallelToolCalls;
  }
  const reasons = model.reasoningLevels.length > 0;
  // Refused by models that do not reason ("Encrypted content is not supported with this model").
  if (reasons || chatgpt) body.include = ["reasoning.encrypted_content"];
  if (reasons) {
    const effort = options.reasoningEffort ?? model.defaultReasoningLevel;
    body.reasoning = {
      ...(effort === undefined || !model.reasoningLevels.includes(effort) ? {} : { effort }),
      ...(conversation.showThinking ? { summary: "auto" as const } : {}),
    };
  }
  if (options.verbosity && model.verbosity) body.text = { verbosity: options.verbosity };
  if (options.serviceTier) body.service_tier = options.serviceTier;
  if (!chatgpt) {
    if (options.maxOutputTokens !== undefined) body.max_output_tokens = options.maxOutputTokens;
    if (!reasons && options.temperature !== undefined) body.temperature = options.temperature;
    if (!reasons && options.topP !== undefined) body.top_p = options.topP;
  }
  return chatgpt && model.responsesLite ? liteBody(body) : body;
}

/**
 * The form that models with `use_responses_lite` want: instructions and tools stand in the input, one call at a time,
 * thinking kept over all turns, no detail of images (protocol.md, section 10, "Responses-lite").
 */
function liteBody(body: RequestBody): RequestBody {
  const { instructions, tools, ...rest } = body;
  const head: InputItem[] = [];
  if (tools && tools.length > 0) head.push({ type: "additional_tools", role: "developer", tools });
  head.push({ type: "message", role: "developer", content: [{ type: "input_text", text: instructions ?? "" }] });
  return {
    ...rest,
    input: [...head, ...rest.input.map(withoutDetail)],
    tool_choice: "auto",
    parallel_tool_calls: false,
    reasoning: { ...body.reasoning, context: "all_turns" },
  };
}

function withoutDetail(item: InputItem): InputItem {
  const plain = <T extends { type: string }>(part: T): T => {
    if (part.type !== "input_image") return part;
    const { detail: _, ...rest } = part as T & { detail?: unknown };
    return rest as unknown as T;
  };
  if (item.type === "message" && item.role === "user" && Array.isArray(item.content)) {
    return { ...item, content: item.content.map(plain) } as InputItem;
  }
  if (item.type === "function_call_output" && Array.isArray(item.output)) {
    return { ...item, output: item.output.map(plain) };
  }
  return item;
}

function splitInstructions(messages: readonly ChatMessage[]) {
  const first = messages.findIndex((message) => message.role !== "system");
  const count = first < 0 ? messages.length : first;
  const instructions = messages
    .slice(0, count)
    .map((message) => (message.role === "system" ? message.text : ""))
    .join("\n\n");
  return { instructions, rest: messages.slice(count) };
}

function inputItems(messages: readonly ChatMessage[]): InputItem[] {
  const called = new Set<string>();
  const answered = new Set<string>();
  for (const message of messages) {
    if (message.role === "tool") answered.add(message.callId);
    else if (message.role === "assistant") {
      for (const part of message.content) if (part.type === "toolCall") called.add(part.callId);
    }
  }
  const items: InputItem[] = [];
  for (const message of messages) {
    if (message.role === "system") {
      items.push({ type: "message", role: "developer", content: [{ type: "input_text", text: message.text }] });
    } else if (message.role === "user") {
      if (message.content.length > 0)
        items.push({ type: "message", role: "user", content: message.content.map(content) });
    } else if (message.role === "assistant") {
      for (const part of message.content) {
        const item = assistantItem(part);
        if (item) items.push(item);
        // A history cut by the editor can lack the answer to a call, and the service refuses such a request.
        if (part.type === "toolCall" && !answered.has(part.callId)) items.push(toolOutput(part.callId, []));
      }
    } else if (called.has(message.callId)) {
      items.push(toolOutput(message.callId, message.content));
    }
  }
  return items;
}

function assistantItem(part: TextContent | ToolCall | ReasoningItem): InputItem | undefined {
  if (part.type === "text") {
    if (part.text === "") return undefined;
    return { type: "message", role: "assistant", content: [{ type: "output_text", text: part.text }] };
  }
  if (part.type === "toolCall") {
    return { type: "function_call", call_id: part.callId, name: part.name, arguments: JSON.stringify(part.input) };
  }
  return {
    type: "reasoning",
    id: part.id,
    summary: part.summary.map((text) => ({ type: "summary_text", text })),
    encrypted_content: part.encryptedContent,
  };
}

function toolOutput(callId: string, parts: readonly (TextContent | ImageContent)[]): InputItem {
  const texts = parts.filter((part) => part.type === "text");
  const output: string | ResponseFunctionCallOutputItem[] =
    texts.length === parts.length ? texts.map((part) => part.text).join("\n") || noOutput : parts.map(content);
  return { type: "function_call_output", call_id: callId, output };
}

function content(
  part: TextContent | ImageContent,
): Extract<ResponseInputContent, { type: "input_text" | "input_image" }> {
  if (part.type === "text") return { type: "input_text", text: part.text };
  const base64 = Buffer.from(part.data.buffer, part.data.byteOffset, part.data.byteLength).toString("base64");
  return { type: "input_image", detail: "auto", image_url: `data:${part.mimeType};base64,${base64}` };
}

function functionTool(tool: ToolDefinition): FunctionTool {
  return {
    type: "function",
    name: tool.name,
    description: tool.description,
    parameters: { type: "object", properties: {}, ...tool.inputSchema },
    // Schemas of the editor's tools are not written for strict mode, which demands every property.
    strict: false,
  };
}
