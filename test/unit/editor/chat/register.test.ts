import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { ChatModelProvider } from "../../../../src/editor/chat/chatModelProvider.ts";
import { registerChatModels } from "../../../../src/editor/chat/register.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { unexpectedSentence } from "../../../../src/shared/words.ts";
import { resetVscode, state, until } from "../../../support/vscodeStub/stub.ts";
import { logInto } from "../../openai/fixture.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";
import { Token } from "./fakeChatHost.ts";

describe("Chat's models, as they are registered", () => {
  let log: string[];
  let isSignedIn: boolean;
  let load: () => Promise<ChatModelProvider>;
  let memory: MemoryMemento;
  let changed: () => void;
  const provider = () => state.chatProviders.get("chatgpt-sign-in") as vscode.LanguageModelChatProvider;
  const list = (silent: boolean) => provider().provideLanguageModelChatInformation({ silent }, new Token());
  const ask = async (requestInitiator?: string) => {
    const options = { toolMode: 1, requestInitiator } as vscode.ProvideLanguageModelChatResponseOptions;
    await provider().provideLanguageModelChatResponse({} as never, [], options, { report: () => {} }, new Token());
  };

  const countTokens = () => provider().provideTokenCount({} as never, "text", new Token());

  beforeEach(() => {
    resetVscode();
    log = [];
    isSignedIn = true;
    memory = new MemoryMemento();
    load = () => Promise.reject(new Error("Bearer abc, from somewhere"));
    registerChatModels({
      hasCredential: () => isSignedIn,
      load: () => load(),
      isLoaded: () => false,
      memory: memory as never,
      onDidChange: (listener) => {
        changed = () => void listener(undefined);
        return { dispose: () => {} } as vscode.Disposable;
      },
      log: logInto(log),
    });
  });

  it("give our sentence and no stack when the extension cannot be loaded", async () => {
    for (const work of [() => ask("core"), () => ask(), () => list(true), () => countTokens()]) {
      await assert.rejects(async () => work(), { message: unexpectedSentence(), stack: "" });
    }
    const problem = new Problem("keyringFailed");
    load = () => Promise.reject(problem);
    await assert.rejects(ask(), { message: problem.message, stack: "" });
    load = () => Promise.reject(new Problem("needsSignIn"));
    await assert.rejects(ask("an.extension"), { code: "NoPermissions", stack: "" });
    assert.equal(log.length, 6);
    assert.ok(!log.join().includes("Bearer"));
  });

  it("give our sentence and no stack when the tokens of something strange cannot be counted", async () => {
    const countTokens = () => JSON.stringify(1n).length;
    load = async () => ({ countTokens }) as unknown as ChatModelProvider;
    await assert.rejects(async () => countTokens(), TypeError);
    const counting = provider().provideTokenCount({} as never, "text", new Token());
    await assert.rejects(async () => counting, { message: unexpectedSentence(), stack: "" });
    assert.match(log.join(), /TypeError/);
  });

  it("are listed though the list cannot be remembered", async () => {
    const models = [{ id: "gpt-5.5" }];
    load = async () => ({ information: async () => models }) as unknown as ChatModelProvider;
    memory.update = () => Promise.reject(new Error("Bearer abc, from somewhere"));
    assert.deepEqual(await list(false), models);
    assert.match(log.join(), /remembered: Error$/);
  });

  it("are forgotten with the last credential, in every window", async () => {
    const answered = Promise.withResolvers<unknown[]>();
    load = async () => ({ information: () => answered.promise }) as unknown as ChatModelProvider;
    await memory.update("chatModels", [{ id: "gpt-5.5" }]);
    changed();
    assert.deepEqual(await list(true), [{ id: "gpt-5.5" }]);
    const listing = list(false);
    isSignedIn = false;
    changed();
    assert.equal(memory.get("chatModels"), undefined);
    answered.resolve([{ id: "gpt-5.2" }]);
    await listing;
    assert.equal(memory.get("chatModels"), undefined, "an answer that comes later is not remembered");
  });

  it("are offered again while an accepted offer's sign-in goes on", async () => {
    const { executeCommand } = vscode.commands;
    Object.assign(vscode.commands, { executeCommand: () => new Promise(() => {}) });
    try {
      isSignedIn = false;
      for (const count of [1, 2]) {
        await list(false);
        await until(() => state.messages.length === count);
        state.messages.at(-1)?.choose("Sign in with ChatGPT");
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      Object.assign(vscode.commands, { executeCommand });
    }
  });

  it("are none for nobody, who is offered to sign in when they are asked for, once at a time", async () => {
    isSignedIn = false;
    assert.deepEqual(await list(true), []);
    assert.equal(state.messages.length, 0);
    await list(false);
    await list(false);
    await until(() => state.messages.length > 0);
    const [message] = state.messages;
    assert.deepEqual(
      [message?.text, state.messages.length],
      ["Sign in to use your ChatGPT account's models in Chat.", 1],
    );
    message?.choose("Sign in with ChatGPT");
    await until(() => state.commands.some(({ name }) => name === "chatgptSignIn.signIn"));
  });
});
