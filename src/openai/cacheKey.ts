import { createHash } from "node:crypto";
import type { ChatMessage } from "./messages.ts";

/**
 * One id for the turns of a conversation, in the form of a UUID. The editor has none, so it is derived from what
 * stays the same from turn to turn: the account, the model, and the messages up to the person's first. The service uses
 * it for its prompt cache; two conversations that begin alike may share it without harm.
 */
export function conversationKey(scope: string, messages: readonly ChatMessage[]): string {
  const hash = createHash("sha256").update(scope);
  for (const message of messages) {
    hash.update(`\0${message.role}\0`);
    if (message.role === "system") hash.update(message.text);
    else for (const part of message.content) hash.update(part.type === "text" ? part.text : part.type);
    if (message.role === "user") break;
  }
  const hex = hash.digest("hex");
  // Version 8 and variant of RFC 9562: "custom".
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
