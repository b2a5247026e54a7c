import type * as vscode from "vscode";
import type { ChatMessage, ImageContent, ReasoningItem, TextContent, ToolCall } from "../../openai/messages.ts";

/** Of `vscode.LanguageModelDataPart`, stable since 1.106. */
export interface DataPart {
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** Tells VS Code's message parts apart. */
export interface PartKinds {
  isText(part: unknown): part is vscode.LanguageModelTextPart;
  isToolCall(part: unknown): part is vscode.LanguageModelToolCallPart;
  isToolResult(part: unknown): part is vscode.LanguageModelToolResultPart;
  isPromptTsx(part: unknown): part is vscode.LanguageModelPromptTsxPart;
  isData(part: unknown): part is DataPart;
}

/** VS Code sends the system prompt under this role; the stable API names only User (1) and Assistant (2). */
const systemRole = 3;
const assistantRole = 2;

const imageTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

/**
 * VS Code's messages as messages of ours. Parts of an unknown kind (markers for other providers) are left out.
 * @param recall the thinking that led to a tool call, if it is still known (see ReasoningMemory)
 */
export function neutralMessages(
  messages: readonly vscode.LanguageModelChatRequestMessage[],
  kinds: PartKinds,
  recall: (callId: string) => readonly ReasoningItem[],
): ChatMessage[] {
  return messages.flatMap((message) => {
    const role: number = message.role;
    if (role === systemRole) {
      const text = message.content.flatMap((part) => (kinds.isText(part) ? part.value : [])).join("");
      return text === "" ? [] : [{ role: "system" as const, text }];
    }
    return role === assistantRole
      ? assistantMessage(message.content, kinds, recall)
      : userMessages(message.content, kinds);
  });
}

function assistantMessage(
  parts: readonly unknown[],
  kinds: PartKinds,
  recall: (callId: string) => readonly ReasoningItem[],
): ChatMessage[] {
  const content: (TextContent | ToolCall | ReasoningItem)[] = [];
  // Where the step began that the next call ends: its thinking came before its text.
  let step = 0;
  for (const part of parts) {
    if (kinds.isText(part)) {
      content.push({ type: "text", text: part.value });
    } else if (kinds.isToolCall(part)) {
      content.splice(step, 0, ...recall(part.callId));
      content.push({ type: "toolCall", callId: part.callId, name: part.name, input: part.input });
      step = content.length;
    }
  }
  return content.length === 0 ? [] : [{ role: "assistant", content }];
}

/** A message of the person, in which the editor also puts the results of tools. */
function userMessages(parts: readonly unknown[], kinds: PartKinds): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let content: (TextContent | ImageContent)[] = [];
  const close = () => {
    if (content.length > 0) messages.push({ role: "user", content });
    content = [];
  };
  for (const part of parts) {
    if (kinds.isToolResult(part)) {
      close();
      messages.push({ role: "tool", callId: part.callId, content: part.content.flatMap((item) => shown(item, kinds)) });
    } else {
      content.push(...shown(part, kinds));
    }
  }
  close();
  return messages;
}

/** What the model is shown of a part: text or an image. */
export function shown(part: unknown, kinds: PartKinds): readonly (TextContent | ImageContent)[] {
  if (kinds.isText(part)) return [{ type: "text", text: part.value }];
  if (kinds.isPromptTsx(part)) return [{ type: "text", text: promptTsxText(part.value) }];
  if (!kinds.isData(part)) return [];
  const { mimeType, data } = part;
  if (imageTypes.has(mimeType)) return [{ type: "image", mimeType, data }];
  if (mimeType.startsWith("text/") || mimeType === "application/json") {
    return [{ type: "text", text: new TextDecoder().decode(data) }];
  }
  return [];
}

/** The text of a rendered `@vscode/prompt-tsx` element: the texts of its tree, in order. */
function promptTsxText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  if ("text" in value && typeof value.text === "string") return value.text;
  if ("node" in value) return promptTsxText(value.node);
  return "children" in value && Array.isArray(value.children) ? value.children.map(promptTsxText).join("") : "";
}
