import assert from "node:assert/strict";
import { type MessageKind, scripted, state } from "./stub.ts";

type Options = { modal?: boolean; detail?: string };
type Button = string | { title: string; isCloseAffordance?: boolean };
export type MessageArguments = readonly (Button | Options | undefined)[];

/** Shows a message; one that is closed answers with the button that closes it, if it has one. */
export function showMessage(kind: MessageKind, text: string, rest: MessageArguments): Promise<unknown> {
  const [first] = rest;
  const options: Options = typeof first === "object" && !("title" in first) ? first : {};
  const items = rest.filter((item): item is Button => item !== undefined && item !== options);
  const buttons = items.map((item) => (typeof item === "string" ? item : item.title));
  const closes = items.findIndex((item) => typeof item === "object" && item.isCloseAffordance === true);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { modal = false, detail = "" } = options;
  const choose = (button: string | undefined) => {
    assert.ok(button === undefined || buttons.includes(button), `“${text}” has no button “${button}”: ${buttons}`);
    resolve(button === undefined ? items[closes] : items[buttons.indexOf(button)]);
  };
  const message = { kind, text, modal, detail, buttons, closing: buttons[closes], choose };
  state.messages.push(message);
  state.onMessage?.(message);
  state.shown.push([text, detail, ...buttons].join("\n"));
  const script = scripted(text);
  if (script) choose(script.answer);
  return promise;
}
