import type { BearerCredential } from "../../../src/account/credentialSource.ts";
import { type Backend, type Credentials, chatgptBackend, platformBackend } from "../../../src/openai/backend.ts";
import type { ReasoningItem, ToolCall } from "../../../src/openai/messages.ts";
import { type ChatModel, parseCatalogue, parsePlatformList } from "../../../src/openai/models.ts";
import { type ResponseRequest, type Sender, sendRequest } from "../../../src/openai/request.ts";
import { RequestError, type RequestFailure } from "../../../src/openai/requestError.ts";
import { type Conversation, requestBody } from "../../../src/openai/responses.ts";
import { type CompletedResponse, drainLimitMs, type ResponseSink } from "../../../src/openai/stream.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { usualModels } from "../../fakeApi/catalogue.ts";
import { type RunningStandIn, startFakeApi } from "../../fakeApi/fakeApi.ts";

export const userAgent = "chatgpt_sign_in/0.1.0 (linux; x64) vscode/1.104.0";

/** A credential source whose credential a test can change; counts what it is asked. */
export class TestCredentials implements Credentials {
  chatgpt: BearerCredential = { bearer: "chatgpt-bearer-1", accountId: "account-1" };
  apiKey: BearerCredential = { bearer: "sk-test-key-1" };
  gets = 0;
  readonly rejections: BearerCredential[] = [];
  /** What `rejected` gives; by default a renewed bearer. */
  onRejected: (credential: BearerCredential) => Promise<BearerCredential> = async (credential) => ({
    ...credential,
    bearer: `${credential.bearer}-renewed`,
  });

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

  after(ms: number, callback: () => void) {
    const isPause = ms >= 100 && ms < 10_000 && ms !== drainLimitMs;
    if (isPause) this.pauses.push(ms);
    return systemClock.after(isPause ? 0 : ms, callback);
  }
}

/** Hears an answer into fields. */
export class Heard implements ResponseSink {
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

/** A stand-in with everything that a request needs, for one test. */
export interface Fixture extends RunningStandIn {
  readonly credentials: TestCredentials;
  readonly clock: QuickClock;
  readonly log: string[];
  readonly chatgpt: Backend;
  readonly platform: Backend;
  readonly sender: Sender;
  model(id: string, kind?: Backend["kind"]): ChatModel;
  send(options?: SendOptions): Promise<CompletedResponse>;
  /** The failure that a request ends with. */
  failure(options?: SendOptions): Promise<RequestFailure>;
}

export interface SendOptions {
  readonly heard?: Heard;
  readonly backend?: Backend;
  readonly modelId?: string;
  readonly conversation?: Partial<Conversation>;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly onHeaders?: ResponseRequest["onHeaders"];
}

/** Lets every credential go everywhere; who may not is the subject of `endpoints.test.ts`. */
export const allowAll = () => {};

export async function startFixture(): Promise<Fixture> {
  const running = await startFakeApi(usualModels);
  const credentials = new TestCredentials();
  const clock = new QuickClock();
  const log: string[] = [];
  const sender: Sender = { fetch, credentials, clock, random: () => 0.5, log: (line) => log.push(line) };
  const chatgpt = chatgptBackend(running.chatgptBaseUrl, userAgent, allowAll);
  const platform = platformBackend(running.apiBaseUrl, userAgent, allowAll);
  const model = (id: string, kind: Backend["kind"] = "chatgpt"): ChatModel => {
    const list =
      kind === "chatgpt"
        ? parseCatalogue({ models: usualModels.catalogue })
        : parsePlatformList({ data: usualModels.platformModels.map((platformId) => ({ id: platformId })) });
    const found = list?.find((candidate) => candidate.id === id);
    if (!found) throw new Error(`no model ${id}`);
    return found;
  };
  const send = (options: SendOptions = {}): Promise<CompletedResponse> => {
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
    return sendRequest(
      { ...sender, clock: options.clock ?? clock },
      {
        backend,
        body: requestBody(backend, conversation),
        traits: { sessionId: conversation.cacheKey, responsesLite: chosen.responsesLite },
        sink: options.heard ?? new Heard(),
        signal: options.signal ?? new AbortController().signal,
        ...(options.onHeaders ? { onHeaders: options.onHeaders } : {}),
      },
    );
  };
  return {
    ...running,
    credentials,
    clock,
    log,
    chatgpt,
    platform,
    sender,
    model,
    send,
    async failure(options) {
      try {
        await send(options);
      } catch (error) {
        if (error instanceof RequestError) return error.failure;
        throw error;
      }
      throw new Error("the request succeeded");
    },
  };
}
