import * as l10n from "@vscode/l10n";
import type * as vscode from "vscode";
import type { BearerCredential } from "../../account/credentialSource.ts";
import type { EndpointPermissions } from "../../account/endpointPermissions.ts";
import type { Backend, Credentials } from "../../openai/backend.ts";
import { conversationKey } from "../../openai/cacheKey.ts";
import type { ReasoningItem, ToolCall } from "../../openai/messages.ts";
import type { ChatModel } from "../../openai/model.ts";
import { allowedOptions } from "../../openai/modelOptions.ts";
import type { ModelRequests, OpenAi } from "../../openai/module.ts";
import { ReasoningMemory } from "../../openai/reasoningMemory.ts";
import type { ResponseSink } from "../../openai/responseEvents.ts";
import { requestBody } from "../../openai/responses.ts";
import { estimateTokens, imageTokens, messageTokens } from "../../openai/tokens.ts";
import { usageFromEvent, usageFromHeaders } from "../../openai/usage.ts";
import { describeError, type Logger } from "../../platform/logger.ts";
import type { AuthMode } from "../../shared/panelProtocol.ts";
import { isProblem, Problem } from "../../shared/problem.ts";
import type { Consumer } from "../consumers/answers.ts";
import type { Consumers } from "../consumers/consumers.ts";
import type { ChatBackend } from "../vscode/settings.ts";
import { askerOf, isFromChat } from "./initiator.ts";
import { neutralMessages, type PartKinds, shown } from "./messageMapping.ts";

export interface ChatModelProviderDependencies {
  readonly openai: Pick<OpenAi, "backend" | "usage">;
  readonly requests: ModelRequests;
  readonly credentials: Credentials;
  readonly endpoints: Pick<EndpointPermissions, "assertAllowed" | "request">;
  readonly consumers: ModelConsent;
  /** Read at each request. */
  readonly settings: { readonly authMode: AuthMode; readonly chatBackend: ChatBackend };
  readonly log: Logger;
  /** A request failed; offers the way out that fits, e.g. a sign-in. The sentence itself is shown by Chat. */
  onFailure(problem: Problem): void;
}

/** What the person lets other extensions do. */
export type ModelConsent = Pick<Consumers, "assertAllowed" | "request">;

/** VS Code's classes, see `chatHost.ts`. */
export interface ChatHost extends PartKinds {
  textPart(text: string): vscode.LanguageModelTextPart;
  toolCallPart(call: ToolCall): vscode.LanguageModelToolCallPart;
  cancellation(): Error;
  /** A sentence for whatever was thrown. @param forChat VS Code's own Chat has asked, not an extension */
  error(error: unknown, forChat: boolean): Error;
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
  readonly #dependencies: ChatModelProviderDependencies;
  readonly #host: ChatHost;
  readonly #reasoning = new ReasoningMemory();
  #shown: ModelInformation[] = [];

  constructor(dependencies: ChatModelProviderDependencies, host: ChatHost) {
    this.#dependencies = dependencies;
    this.#host = host;
  }

  /**
   * The models of the mode in use; empty rather than an error, which VS Code would show in every window. Where the person
   * has to do something first (sign in again, switch the account) they stay as they were: a question to one is answered
   * with what to do, and a missing one says nothing. They also stay when the window closes before the service answers.
   * @param before the list that an earlier window had last
   */
  async information(before: readonly vscode.LanguageModelChatInformation[] = []): Promise<ModelInformation[]> {
    try {
      const backend = this.#backend();
      const models = await this.#dependencies.requests.catalogue.list(backend);
      this.#shown = models.map((model) => information(model, backend));
    } catch (error) {
      this.#dependencies.log.warn(`No models: ${describeError(error)}`);
      if (!isForPerson(error) && !isAbort(error)) this.#shown = [];
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
    const { openai, requests, log } = this.#dependencies;
    const { backend, credential } = await this.#permitted(this.#backend(), options, signal);
    const model = await this.#model(chosen, backend);
    const scope = `${backend.responsesUrl} ${credential.workspaceId ?? credential.bearer} ${model.id}`;
    const conversation = neutralMessages(messages, this.#host, (callId) => this.#reasoning.recall(scope, callId));
    const cacheKey = conversationKey(scope, conversation);
    const done = await requests.send({
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
      sink: this.#sink(scope, progress),
      onHeaders: (headers) => {
        if (backend.kind === "chatgpt") openai.usage.note(usageFromHeaders(headers));
      },
    });
    if (done.incomplete) log.warn(`The answer stops early: ${done.incomplete}`);
  }

  /** What the request may be made with. Asks the person where they have to be asked. */
  async #permitted(
    backend: Backend,
    options: vscode.ProvideLanguageModelChatResponseOptions,
    signal: AbortSignal,
  ): Promise<{ readonly backend: Backend; readonly credential: BearerCredential }> {
    const { credentials, endpoints, consumers } = this.#dependencies;
    const isChat = isFromChat(options);
    for (;;) {
      const credential = await credentials.get(backend.credentialKind);
      // The person asks in Chat and can answer; another extension that asks gets the problem instead.
      if (credential.binding && isChat) await endpoints.request(credential.binding, [backend.baseUrl], { signal });
      endpoints.assertAllowed(credential.binding, backend.baseUrl);
      if (isChat) return { backend, credential };
      const consumer = (used: BearerCredential) => consumerOf(askerOf(options), backend, used);
      // Meanwhile the person may have switched accounts.
      if (await consumers.request(consumer(credential), signal)) continue;
      const headers: Backend["headers"] = (used, traits) => {
        consumers.assertAllowed(consumer(used));
        return backend.headers(used, traits);
      };
      return { backend: { ...backend, headers }, credential };
    }
  }

  #sink(scope: string, progress: vscode.Progress<vscode.LanguageModelResponsePart>): ResponseSink {
    let thinking: ReasoningItem[] = [];
    return {
      text: (text) => progress.report(this.#host.textPart(text)),
      toolCall: (call) => {
        this.#reasoning.remember(scope, call.callId, thinking);
        thinking = [];
        progress.report(this.#host.toolCallPart(call));
      },
      reasoning: (item) => thinking.push(item),
      rateLimits: (event) => this.#dependencies.openai.usage.note(usageFromEvent(event)),
    };
  }

  /** The model that VS Code hands back; from the catalogue, if it hands back a copy without it. */
  async #model(chosen: vscode.LanguageModelChatInformation, backend: Backend): Promise<ChatModel> {
    if (isOurs(chosen)) return chosen.model;
    const models = await this.#dependencies.requests.catalogue.list(backend);
    const found = models.find(({ id }) => id === chosen.id);
    if (!found) throw new Problem("modelNotSupported", "not in the catalogue");
    return found;
  }

  #backend(): Backend {
    const { openai, settings } = this.#dependencies;
    return openai.backend(
      settings.authMode === "chatgpt" && settings.chatBackend === "chatgpt" ? "chatgpt" : "platform",
    );
  }

  #shownError(error: unknown, forChat: boolean): Error {
    this.#dependencies.log.warn(`A chat request failed: ${describeError(error)}`);
    const failure = this.#inMode(error);
    if (isProblem(failure)) this.#dependencies.onFailure(failure);
    return this.#host.error(failure, forChat);
  }

  /** An API key in ChatGPT mode is the one that was created for the account, and no person can set it. */
  #inMode(error: unknown): unknown {
    if (!isProblem(error) || this.#dependencies.settings.authMode !== "chatgpt") return error;
    if (error.code === "keyRejected") return new Problem("derivedKeyRejected", error.detail);
    if (error.code === "noApiKey") return new Problem("derivedKeyMissing", error.detail);
    return error;
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

/** Whether the person has to do something before there are models, and can. */
function isForPerson(error: unknown): boolean {
  return isProblem(error, "needsSignIn", "endpointNotAllowed", "accountNotAllowed", "allowedWorkspacesUnusable");
}

/** Who asks, and who pays with this credential. */
function consumerOf(extension: string, backend: Backend, { account, binding }: BearerCredential): Consumer {
  const pays = backend.kind === "chatgpt" ? "plan" : account === undefined ? "ownKey" : "accountKey";
  return { extension, pays, payer: account ?? binding?.name ?? "" };
}

/** Whether the extension ended the request itself. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Whether a list that was remembered has what a request needs. */
function isOurs(information: vscode.LanguageModelChatInformation): information is ModelInformation {
  return "model" in information;
}

function information(model: ChatModel, backend: Backend): ModelInformation {
  const chatgpt = backend.kind === "chatgpt";
  const description = model.description ?? model.name;
  return {
    id: model.id,
    name: model.name,
    family: model.family,
    version: model.id,
    detail: chatgpt ? "ChatGPT" : "OpenAI API",
    tooltip: chatgpt
      ? l10n.t("{description} (uses your ChatGPT plan)", { description })
      : l10n.t("{description} (billed to your API key)", { description }),
    maxInputTokens: model.maxInputTokens,
    maxOutputTokens: model.maxOutputTokens,
    capabilities: { toolCalling: model.toolCalling, imageInput: model.imageInput },
    model,
  };
}

/** `LanguageModelChatToolMode.Required`, whose enum is not there outside VS Code. */
function isToolRequired({ toolMode }: vscode.ProvideLanguageModelChatResponseOptions): boolean {
  const required = 2;
  return (toolMode as number) === required;
}
