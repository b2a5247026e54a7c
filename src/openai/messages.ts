/**
 * A conversation, independent of the editor and of the API: the editor's messages are mapped to it, and a request body is
 * built from it.
 */
export interface TextContent {
  readonly type: "text";
  readonly text: string;
}

export interface ImageContent {
  readonly type: "image";
  /** e.g. `image/png` */
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** A tool's call as the model made it; `input` is parsed JSON. */
export interface ToolCall {
  readonly type: "toolCall";
  readonly callId: string;
  readonly name: string;
  readonly input: object;
}

/** A piece of the model's own thinking, readable only by the service. Goes back unchanged in the turns that follow. */
export interface ReasoningItem {
  readonly type: "reasoning";
  readonly id: string;
  readonly summary: readonly string[];
  readonly encryptedContent: string;
}

export type ChatMessage =
  | { readonly role: "system"; readonly text: string }
  | { readonly role: "user"; readonly content: readonly (TextContent | ImageContent)[] }
  | { readonly role: "assistant"; readonly content: readonly (TextContent | ToolCall | ReasoningItem)[] }
  | { readonly role: "tool"; readonly callId: string; readonly content: readonly (TextContent | ImageContent)[] };

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** A JSON schema of the tool's input. */
  readonly inputSchema?: object | undefined;
}
