import {
  ChatModelProvider,
  type ChatModelProviderDependencies,
} from "../../../../src/editor/chat/chatModelProvider.ts";
import type { Problem } from "../../../../src/shared/problem.ts";
import { type Fixture, logInto } from "../../openai/fixture.ts";
import { host } from "./fakeChatHost.ts";

export type ChatSettings = ChatModelProviderDependencies["settings"];

/** The provider of models over the fake API. */
export async function createProvider(
  { openai, credentials, log }: Fixture,
  settings: ChatSettings,
  onFailure: (problem: Problem) => void,
): Promise<ChatModelProvider> {
  const requests = await openai.requests();
  // Who may ask is the subject of `consumers.test.ts`.
  const consumers = { assertAllowed: () => {}, request: async () => false };
  const endpoints = { assertAllowed: () => {}, request: async () => {} };
  return new ChatModelProvider(
    { openai, requests, credentials, endpoints, consumers, settings, log: logInto(log), onFailure },
    host,
  );
}
