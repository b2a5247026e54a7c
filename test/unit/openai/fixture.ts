import type { BearerCredential } from "../../../src/account/credentialSource.ts";
import type { Backend, Credentials } from "../../../src/openai/backend.ts";
import { parseCatalogue } from "../../../src/openai/chatgptModels.ts";
import type { ReasoningItem, ToolCall } from "../../../src/openai/messages.ts";
import type { ChatModel } from "../../../src/openai/model.ts";
import { createOpenAi, type OpenAi, type OpenAiDependencies } from "../../../src/openai/module.ts";
import { parsePlatformList } from "../../../src/openai/platformModels.ts";
import type { ResponseRequest } from "../../../src/openai/request.ts";
import type { CompletedResponse, ResponseSink } from "../../../src/openai/responseEvents.ts";
import { type Conversation, requestBody } from "../../../src/openai/responses.ts";
import { drainLimitMs } from "../../../src/openai/stream.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { createHttpClient } from "../../../src/platform/httpClient.ts";
import type { Logger } from "../../../src/platform/logger.ts";
import { isProblem, type Problem } from "../../../src/shared/problem.ts";
import { usualModels } from "../../fakeApi/catalogue.ts";
import { type RunningFakeApi, startFakeApi } from "../../fakeApi/fakeApi.ts";

export const userAgent = "chatgpt_sign_in/0.1.0 (linux; x64) vscode/1.104.0";

/** A credential source whose credential a test can change; counts what it is asked. */
export class TestCredentials implements Credentials {
  chatgpt: BearerCredential = { bearer: "chatgpt-bearer-1", workspaceId: "account-1" };
  apiKey: BearerCredential = { bearer: "sk-test-key-1" };
  gets = 0;
  readonly rejections: BearerCredential[] = [];
  /** What `rejected` gives; by default another bearer. */
  onRejected: (credential: BearerCredential) => Promise<BearerCredential> = async (credential) => ({
    ...credential,
    bearer: `${credential.bearer}-replaced`,
  });

  /** Says whether a credential may be sent; by default it may. */
  assertUsable: (credential: BearerCredential) => void = () => {};

  async get(kind: "chatgpt" | "apiKey"): Promise<BearerCredential> {
    this.gets += 1;
    return kind === "chatgpt" ? this.chatgpt : this.apiKey;
  }

  async rejected(credential: BearerCredential): Promise<BearerCredential> {
    this.rejections.push(credential);
    return this.onRejected(credential);
  }
}

/** Time of day as it is; the pauses between retries are over at once, and are remembered. */
export class QuickClock implements Clock {
  readonly pauses: number[] = [];

  now(): number {
    return Date.now();
  }

  elapsed(): number {
    return performance.now();
  }

  after(ms: number, callback: () => void) {
    const isPause = ms >= 100 && ms < 10_000 && ms !== drainLimitMs;
    if (isPause) this.pauses.push(ms);
    return systemClock.after(isPause ? 0 : ms, callback);
  }
}

/** Collects an answer. */
export class CollectedAnswer implements ResponseSink {
  readonly reports: string[] = [];
  readonly calls: ToolCall[] = [];
  readonly reasoningItems: ReasoningItem[] = [];
  readonly limits: unknown[] = [];
  thoughts = "";
  onText: (() => void) | undefined;

  readonly text = (text: string): void => {
    this.reports.push(text);
    this.onText?.();
  };
  readonly thinking = (text: string): void => {
    this.thoughts += text;
  };
  readonly toolCall = (call: ToolCall): number => this.calls.push(call);
  readonly reasoning = (item: ReasoningItem): number => this.reasoningItems.push(item);
  readonly rateLimits = (event: unknown): number => this.limits.push(event);

  get whole(): string {
    return this.reports.join("");
  }
}

/** What OpenAI's part of the extension is built from in a test that needs no fake API. */
export function testDependencies(baseUrl: string, log: string[] = []): OpenAiDependencies {
  return {
    http: createHttpClient(() => userAgent, "chatgpt_sign_in"),
    fetch,
    credentials: new TestCredentials(),
    // Who may not send a credential where is the subject of `endpoints.test.ts`.
    endpoints: { assertAllowed: () => {} },
    endpoint: (name) => `${baseUrl}/${name === "chatgptBaseUrl" ? "backend-api" : "v1"}`,
    userAgent,
    clock: new QuickClock(),
    log: logInto(log),
    random: () => 0.5,
  };
}

export function logInto(lines: string[]): Logger {
  const write = (line: string) => void lines.push(line);
  return { debug: write, info: write, warn: write, error: write };
}

/** The fake API with everything that a request needs, for one test. */
export interface Fixture extends RunningFakeApi {
  readonly credentials: TestCredentials;
  readonly clock: QuickClock;
  readonly log: string[];
  readonly dependencies: OpenAiDependencies;
  readonly openai: OpenAi;
  readonly chatgpt: Backend;
  readonly platform: Backend;
  model(id: string, kind?: Backend["kind"]): ChatModel;
  send(options?: SendOptions): Promise<CompletedResponse>;
  /** The problem that a request ends with. */
  failure(options?: SendOptions): Promise<Problem>;
}

export interface SendOptions {
  readonly collected?: CollectedAnswer;
  readonly backend?: Backend;
  readonly modelId?: string;
  readonly conversation?: Partial<Conversation>;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly onHeaders?: ResponseRequest["onHeaders"];
}

export async function startFixture(): Promise<Fixture> {
  const running = await startFakeApi(usualModels);
  const credentials = new TestCredentials();
  const clock = new QuickClock();
  const log: string[] = [];
  const dependencies = { ...testDependencies(running.origin, log), credentials, clock };
  const openai = createOpenAi(dependencies);
  const chatgpt = openai.backend("chatgpt");
  const platform = openai.backend("platform");
  const model = (id: string, kind: Backend["kind"] = "chatgpt"): ChatModel => {
    const list =
      kind === "chatgpt"
        ? parseCatalogue({ models: usualModels.catalogue })
        : parsePlatformList({ data: usualModels.platformModels.map((platformId) => ({ id: platformId })) });
    const found = list?.find((candidate) => candidate.id === id);
    if (!found) throw new Error(`no model ${id}`);
    return found;
  };
  const send = async (options: SendOptions = {}): Promise<CompletedResponse> => {
    const backend = options.backend ?? chatgpt;
    const chosen = options.conversation?.model ?? model(options.modelId ?? "gpt-5.5", backend.kind);
    const conversation: Conversation = {
      model: chosen,
      messages: [{ role: "user", content: [{ type: "text", text: "Hello?" }] }],
      tools: [],
      toolRequired: false,
      options: {},
      cacheKey: "00000000-0000-8000-a000-000000000000",
      showThinking: false,
      ...options.conversation,
    };
    const requests = await createOpenAi({ ...dependencies, clock: options.clock ?? clock }).requests();
    return requests.send({
      backend,
      body: requestBody(backend, conversation),
      traits: { sessionId: conversation.cacheKey, responsesLite: chosen.responsesLite },
      sink: options.collected ?? new CollectedAnswer(),
      signal: options.signal ?? new AbortController().signal,
      ...(options.onHeaders ? { onHeaders: options.onHeaders } : {}),
    });
  };
  return {
    ...running,
    credentials,
    clock,
    log,
    dependencies,
    openai,
    chatgpt,
    platform,
    model,
    send,
    async failure(options) {
      try {
        await send(options);
      } catch (error) {
        if (isProblem(error)) return error;
        throw error;
      }
      throw new Error("the request succeeded");
    },
  };
}
