import type * as vscode from "vscode";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import {
  type AssertAllowed,
  type Backend,
  type Credentials,
  chatgptBackend,
  platformBackend,
} from "../../openai/backend.ts";
import { conversationKey } from "../../openai/cacheKey.ts";
import type { ReasoningItem, ToolCall } from "../../openai/messages.ts";
import { ModelCatalogue } from "../../openai/modelCatalogue.ts";
import { allowedOptions } from "../../openai/modelOptions.ts";
import type { ChatModel } from "../../openai/models.ts";
import { ReasoningMemory } from "../../openai/reasoningMemory.ts";
import { sendRequest } from "../../openai/request.ts";
import { RequestError, type RequestFailure, requestErrorOf } from "../../openai/requestError.ts";
import { requestBody } from "../../openai/responses.ts";
import type { ResponseSink } from "../../openai/stream.ts";
import { estimateTokens, imageTokens, messageTokens } from "../../openai/tokens.ts";
import { type Usage, usageFromEvent, usageFromHeaders } from "../../openai/usage.ts";
import type { Clock } from "../../platform/clock.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import { isProblem, Problem, sentenceFor } from "../../shared/problem.ts";
import type { ChatBackend } from "../vscode/settings.ts";
import { neutralMessages, type PartKinds, shown } from "./messageMapping.ts";

export interface ChatSettings {
  readonly authMode: AuthMode;
  readonly chatBackend: ChatBackend;
  readonly apiBaseUrl: string;
  readonly chatgptBaseUrl: string;
}

/** What the provider needs of the rest of the extension. */
export interface ChatDependencies {
  readonly fetch: typeof fetch;
  readonly credentials: Credentials;
  readonly endpoints: Pick<EndpointPermissions, "assertAllowed" | "request">;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** @throws Problem `badSetting` */
  settings(): ChatSettings;
  /** A request failed; offers the way out that fits, e.g. a sign-in. The sentence itself is shown by Chat. */
  onFailure(error: RequestError): void;
  onUsage(usage: Usage): void;
}

/** VS Code's classes, see `chatHost.ts`. */
export interface ChatHost extends PartKinds {
  textPart(text: string): vscode.LanguageModelTextPart;
  toolCallPart(call: ToolCall): vscode.LanguageModelToolCallPart;
  cancellation(): Error;
  /** @param forChat VS Code's own Chat has asked, not an extension that looks at the error's code */
  error(error: RequestError, forChat: boolean): Error;
}

/** VS Code hands the very object back with each request. */
interface ModelInformation extends vscode.LanguageModelChatInformation {
  readonly model: ChatModel;
}

/**
 * The account's models behind `vscode.LanguageModelChatProvider`. Requests share nothing but the catalogue and the
 * memory of encrypted thinking. The model's thinking is not shown: no stable API has a part for it (as of 1.140).
 */
export class ChatModelProvider {
  readonly #dependencies: ChatDependencies;
  readonly #host: ChatHost;
  readonly #catalogue: ModelCatalogue;
  readonly #reasoning = new ReasoningMemory();
  #shown: ModelInformation[] = [];

  constructor(needs: ChatDependencies, host: ChatHost) {
    this.#dependencies = needs;
    this.#host = host;
    this.#catalogue = new ModelCatalogue({ ...needs, log: (line) => needs.log.info(line) });
  }

  /**
   * The models of the mode in use; empty rather than an error, which VS Code would show in every window. Where the person
   * has to do something first (sign in again, allow an address) they stay as they were: asked, they say what is to be
   * done, and a missing one says nothing.
   * @param before the list that an earlier window had last
   */
  async information(before: readonly vscode.LanguageModelChatInformation[] = []): Promise<ModelInformation[]> {
    try {
      const backend = this.#backend();
      const models = await this.#catalogue.list(backend);
      this.#shown = models.map((model) => information(model, backend));
    } catch (error) {
      this.#dependencies.log.warn(`No models: ${describeError(error)}`);
      if (!waitsForPerson(this.#asFailure(error)?.failure)) this.#shown = [];
      else if (this.#shown.length === 0) this.#shown = before.filter(isOurs);
    }
    return this.#shown;
  }

  /** Sends one request and reports its answer; rejects with an error whose message is for the person. */
  async respond(
    chosen: vscode.LanguageModelChatInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    if (token.isCancellationRequested) throw this.#host.cancellation();
    const abort = new AbortController();
    const cancellation = token.onCancellationRequested(() => abort.abort(this.#host.cancellation()));
    try {
      await this.#send(chosen, messages, options, progress, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) throw abort.signal.reason;
      throw this.#shownError(error, isFromChat(options));
    } finally {
      cancellation.dispose();
    }
  }

  /** An estimate, see `tokens.ts`. */
  countTokens(text: string | vscode.LanguageModelChatRequestMessage): number {
    if (typeof text === "string") return estimateTokens(text);
    return text.content.reduce<number>((sum, part) => sum + this.#partTokens(part), messageTokens);
  }

  async #send(
    chosen: vscode.LanguageModelChatInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    signal: AbortSignal,
  ): Promise<void> {
    const { credentials, endpoints, onUsage, log } = this.#dependencies;
    const backend = this.#backend();
    const credential = await credentials.get(backend.credentialKind);
    // A question in Chat is the person's own; other extensions ask by themselves, and are told.
    if (credential.binding && isFromChat(options)) {
      await endpoints.request(credential.binding, [backend.baseUrl], { signal });
    }
    endpoints.assertAllowed(credential.binding, backend.baseUrl);
    const model = await this.#model(chosen, backend);
    const scope = `${backend.responsesUrl} ${credential.accountId ?? credential.bearer} ${model.id}`;
    const conversation = neutralMessages(messages, this.#host, (callId) => this.#reasoning.recall(scope, callId));
    const cacheKey = conversationKey(scope, conversation);
    const noteUsage = (usage: Usage | undefined) => usage && onUsage(usage);
    const done = await sendRequest(
      { ...this.#dependencies, random: Math.random, log: (line) => log.info(line) },
      {
        backend,
        traits: { sessionId: cacheKey, responsesLite: model.responsesLite },
        signal,
        body: requestBody(backend, {
          model,
          messages: conversation,
          tools: options.tools ?? [],
          toolRequired: isToolRequired(options),
          options: allowedOptions(options.modelOptions),
          cacheKey,
          showThinking: false,
        }),
        sink: this.#sink(scope, progress, noteUsage),
        onHeaders: (headers) => noteUsage(backend.kind === "chatgpt" ? usageFromHeaders(headers) : undefined),
      },
    );
    if (done.incomplete) log.warn(`The answer stops early: ${done.incomplete}`);
  }

  #sink(
    scope: string,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    noteUsage: (usage: Usage | undefined) => void,
  ): ResponseSink {
    let thinking: ReasoningItem[] = [];
    return {
      text: (text) => progress.report(this.#host.textPart(text)),
      toolCall: (call) => {
        this.#reasoning.remember(scope, call.callId, thinking);
        thinking = [];
        progress.report(this.#host.toolCallPart(call));
      },
      reasoning: (item) => thinking.push(item),
      rateLimits: (event) => noteUsage(usageFromEvent(event)),
    };
  }

  /** The model as VS Code hands it back; as the catalogue has it, should a host hand back a copy. */
  async #model(chosen: vscode.LanguageModelChatInformation, backend: Backend): Promise<ChatModel> {
    if (isOurs(chosen)) return chosen.model;
    const found = (await this.#catalogue.list(backend)).find(({ id }) => id === chosen.id);
    if (!found) throw new RequestError({ kind: "modelNotSupported" }, "not in the catalogue");
    return found;
  }

  #backend(): Backend {
    const { endpoints, userAgent } = this.#dependencies;
    const { authMode, chatBackend, apiBaseUrl, chatgptBaseUrl } = this.#dependencies.settings();
    const assertAllowed: AssertAllowed = ({ binding }, baseUrl) => endpoints.assertAllowed(binding, baseUrl);
    return authMode === "chatgpt" && chatBackend === "chatgpt"
      ? chatgptBackend(chatgptBaseUrl, userAgent, assertAllowed)
      : platformBackend(apiBaseUrl, userAgent, assertAllowed);
  }

  #shownError(error: unknown, forChat: boolean): Error {
    this.#dependencies.log.warn(`A chat request failed: ${describeError(error)}`);
    const failure = this.#asFailure(error);
    if (!failure) return new Error(sentenceFor(error));
    this.#dependencies.onFailure(failure);
    return this.#host.error(failure, forChat);
  }

  #asFailure(error: unknown): RequestError | undefined {
    const found = error instanceof Problem ? requestErrorOf(error) : error;
    if (!(found instanceof RequestError)) return undefined;
    const { failure, detail } = found;
    // An API key in ChatGPT mode is the one that was made for the account, and no person can set it.
    if (this.#dependencies.settings().authMode !== "chatgpt") return found;
    if (failure.kind === "apiKeyRejected") return new RequestError({ kind: "derivedKeyRejected" }, detail);
    const isMissing = failure.kind === "problem" && isProblem(failure.problem, "noApiKey");
    return isMissing ? new RequestError({ kind: "derivedKeyMissing" }, detail) : found;
  }

  #partTokens(part: unknown): number {
    if (this.#host.isToolCall(part)) return estimateTokens(part.name) + estimateTokens(JSON.stringify(part.input));
    if (this.#host.isToolResult(part))
      return part.content.reduce<number>((sum, item) => sum + this.#partTokens(item), 0);
    return shown(part, this.#host).reduce(
      (sum, item) => sum + (item.type === "text" ? estimateTokens(item.text) : imageTokens),
      0,
    );
  }
}

/** Whether a list that was remembered has what a request needs. */
function isOurs(information: vscode.LanguageModelChatInformation): information is ModelInformation {
  return "model" in information;
}

function waitsForPerson(failure: RequestFailure | undefined): boolean {
  if (failure?.kind === "problem") return isProblem(failure.problem, "endpointNotAllowed");
  return failure?.kind === "signInExpired";
}

function information(model: ChatModel, backend: Backend): ModelInformation {
  const chatgpt = backend.kind === "chatgpt";
  return {
    id: model.id,
    name: model.name,
    family: model.family,
    version: model.id,
    detail: chatgpt ? "ChatGPT" : "OpenAI API",
    tooltip: `${model.description ?? model.name}${chatgpt ? " (uses your ChatGPT plan)" : " (billed to your API key)"}`,
    maxInputTokens: model.maxInputTokens,
    maxOutputTokens: model.maxOutputTokens,
    capabilities: { toolCalling: model.toolCalling, imageInput: model.imageInput },
    model,
  };
}

/** VS Code tells who asks, though no stable type says so; without it, everybody counts as an extension. */
function isFromChat(options: vscode.ProvideLanguageModelChatResponseOptions & { requestInitiator?: unknown }): boolean {
  return options.requestInitiator === "github.copilot-chat" || options.requestInitiator === "core";
}

/** `LanguageModelChatToolMode.Required`, whose enum is not there outside VS Code. */
function isToolRequired({ toolMode }: vscode.ProvideLanguageModelChatResponseOptions): boolean {
  const required = 2;
  return (toolMode as number) === required;
}
