import type * as vscode from "vscode";
import type { ChatHost } from "../../../../src/editor/chat/chatModelProvider.ts";
import type { DataPart } from "../../../../src/editor/chat/messageMapping.ts";
import { sentenceFor } from "../../../../src/shared/problem.ts";

/** Classes that stand for VS Code's own. */
export class Text {
  value: string;
  constructor(value: string) {
    this.value = value;
  }
}
export class Call {
  callId: string;
  name: string;
  input: object;
  constructor(callId: string, name: string, input: object) {
    this.callId = callId;
    this.name = name;
    this.input = input;
  }
}
export class Result {
  callId: string;
  content: unknown[];
  constructor(callId: string, content: unknown[]) {
    this.callId = callId;
    this.content = content;
  }
}
export class Tsx {
  value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}
export class Data implements DataPart {
  data: Uint8Array;
  mimeType: string;
  constructor(data: Uint8Array, mimeType: string) {
    this.data = data;
    this.mimeType = mimeType;
  }
}

export const host: ChatHost = {
  isText: (part) => part instanceof Text,
  isToolCall: (part) => part instanceof Call,
  isToolResult: (part) => part instanceof Result,
  isPromptTsx: (part) => part instanceof Tsx,
  isData: (part) => part instanceof Data,
  textPart: (text) => new Text(text),
  toolCallPart: ({ callId, name, input }) => new Call(callId, name, input),
  cancellation: () => new Error("Canceled"),
  error: (error) => new Error(sentenceFor(error)),
};

export const user = (...content: unknown[]) => ({ role: 1, content, name: undefined });
export const assistant = (...content: unknown[]) => ({ role: 2, content, name: undefined });
export const system = (text: string) => ({
  role: 3 as number as vscode.LanguageModelChatMessageRole,
  content: [new Text(text)],
  name: undefined,
});

/** A cancellation token that a test pulls. */
export class Token implements vscode.CancellationToken {
  isCancellationRequested = false;
  readonly listeners = new Set<(event: unknown) => unknown>();
  readonly onCancellationRequested = (listener: (event: unknown) => unknown) => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };
  cancel(): void {
    this.isCancellationRequested = true;
    for (const listener of this.listeners) listener(undefined);
  }
}
