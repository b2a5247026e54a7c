import type {
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseFunctionCallOutputItem,
  ResponseInputContent,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import type { Backend } from "./backend.ts";
import type { ChatMessage, ImageContent, ReasoningItem, TextContent, ToolCall, ToolDefinition } from "./messages.ts";
import type { ChatModel } from "./model.ts";
import type { AllowedOptions } from "./modelOptions.ts";

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
 * ChatGPT mode leaves out what that service refuses: `max_output_tokens`, `temperature`, `top_p`.
 */
export function requestBody(backend: Pick<Backend, "kind">, conversation: Conversation): RequestBody {
  const { model, options, cacheKey } = conversation;
  const isChatgpt = backend.kind === "chatgpt";
  const { instructions, rest } = splitInstructions(conversation.messages);
  const body: RequestBody = {
    model: model.id,
    instructions: instructions || defaultInstructions,
    input: inputItems(rest),
    store: false,
    stream: true,
    prompt_cache_key: cacheKey,
    ...toolFields(conversation),
    // Refused by models that do not reason ("Encrypted content is not supported with this model").
    ...((isReasoning(model) || isChatgpt) && { include: ["reasoning.encrypted_content"] }),
    ...(isReasoning(model) && { reasoning: reasoningFields(conversation) }),
    ...(options.verbosity && model.verbosity && { text: { verbosity: options.verbosity } }),
    ...(options.serviceTier && { service_tier: options.serviceTier }),
    ...(!isChatgpt && samplingFields(conversation)),
  };
  return isChatgpt && model.responsesLite ? liteBody(body) : body;
}

function isReasoning(model: ChatModel): boolean {
  return model.reasoningLevels.length > 0;
}

function toolFields({ model, tools, toolRequired, options }: Conversation): Partial<RequestBody> {
  if (tools.length === 0) return {};
  return {
    tools: tools.map(functionTool),
    tool_choice: toolRequired ? "required" : "auto",
    parallel_tool_calls: options.parallelToolCalls ?? model.parallelToolCalls,
  };
}

function reasoningFields({ model, options, showThinking }: Conversation): NonNullable<RequestBody["reasoning"]> {
  const effort = options.reasoningEffort ?? model.defaultReasoningLevel;
  return {
    ...(effort !== undefined && model.reasoningLevels.includes(effort) && { effort }),
    ...(showThinking && { summary: "auto" }),
  };
}

/** What only the Platform takes; models that reason take no temperature there either. */
function samplingFields({ model, options }: Conversation): Partial<RequestBody> {
  const { maxOutputTokens, temperature, topP } = options;
  return {
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(temperature !== undefined && !isReasoning(model) && { temperature }),
    ...(topP !== undefined && !isReasoning(model) && { top_p: topP }),
  };
}

/**
 * The form that models with `use_responses_lite` want: instructions and tools are in the input, one call at a time,
 * thinking kept over all turns, no detail of images.
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
  const content = messages.flatMap((message) => (message.role === "assistant" ? message.content : []));
  const called = new Set(content.flatMap((part) => (part.type === "toolCall" ? part.callId : [])));
  const answered = new Set(messages.flatMap((message) => (message.role === "tool" ? message.callId : [])));
  return messages.flatMap((message) => itemsOf(message, called, answered));
}

/**
 * The items of one message.
 * @param called ids of the calls that the history has; an output without its call is refused
 * @param answered ids of the calls whose outputs the history has
 */
function itemsOf(message: ChatMessage, called: ReadonlySet<string>, answered: ReadonlySet<string>): InputItem[] {
  switch (message.role) {
    case "system":
      return [{ type: "message", role: "developer", content: [{ type: "input_text", text: message.text }] }];
    case "user":
      return message.content.length === 0
        ? []
        : [{ type: "message", role: "user", content: message.content.map(inputContent) }];
    case "assistant":
      return message.content.flatMap((part) => assistantItems(part, answered));
    case "tool":
      return called.has(message.callId) ? [toolOutput(message.callId, message.content)] : [];
  }
}

function assistantItems(part: TextContent | ToolCall | ReasoningItem, answered: ReadonlySet<string>): InputItem[] {
  const item = assistantItem(part);
  if (!item) return [];
  // A history cut by the editor can lack the answer to a call, and the service refuses such a request.
  const isOpen = part.type === "toolCall" && !answered.has(part.callId);
  return isOpen ? [item, toolOutput(part.callId, [])] : [item];
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
    texts.length === parts.length ? texts.map((part) => part.text).join("\n") || noOutput : parts.map(inputContent);
  return { type: "function_call_output", call_id: callId, output };
}

function inputContent(
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
