import assert from "node:assert/strict";
import type * as vscode from "vscode";
import type { ChatModelProvider } from "../../../../src/editor/chat/chatModelProvider.ts";
import type { Usage } from "../../../../src/openai/usage.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { unexpectedSentence } from "../../../../src/shared/words.ts";
import { answers, faults } from "../../../fakeApi/answers.ts";
import type { RequestRecord } from "../../../fakeApi/fakeApi.ts";
import { type Fixture, startFixture } from "../../openai/fixture.ts";
import { type ChatSettings, createProvider } from "./createProvider.ts";
import { assistant, Call, Data, Result, system, Text, Token, Tsx, user } from "./fakeChatHost.ts";

describe("the models in VS Code's Chat", () => {
  let fixture: Fixture;
  let settings: ChatSettings;
  let failures: Problem[];
  let usages: Usage[];
  let provider: ChatModelProvider;
  beforeEach(async () => {
    fixture = await startFixture();
    failures = [];
    usages = [];
    settings = { authMode: "chatgpt", chatBackend: "chatgpt" };
    fixture.openai.usage.onDidChange((usage) => usage && usages.push(usage));
    provider = await createProvider(fixture, settings, (problem) => failures.push(problem));
  });
  afterEach(() => fixture.stop());

  async function ask(
    messages: object[],
    options: {
      tools?: vscode.LanguageModelChatTool[];
      toolMode?: number;
      modelOptions?: object;
      modelId?: string;
      token?: Token;
      onPart?: () => void;
    } = {},
  ): Promise<unknown[]> {
    const { modelId = "gpt-5.5", token = new Token(), onPart, toolMode = 1, ...rest } = options;
    const chosen = (await provider.information()).find(({ id }) => id === modelId);
    assert.ok(chosen);
    const parts: unknown[] = [];
    const progress = {
      report: (part: unknown) => {
        parts.push(part);
        onPart?.();
      },
    };
    await provider.respond(
      chosen,
      messages as vscode.LanguageModelChatRequestMessage[],
      { toolMode, ...rest },
      progress,
      token,
    );
    assert.equal(token.listeners.size, 0);
    return parts;
  }

  const textOf = (parts: unknown[]) => parts.map((part) => (part instanceof Text ? part.value : "")).join("");
  const last = (): RequestRecord => {
    const record = fixture.fakeApi.responses.at(-1);
    assert.ok(record);
    return record;
  };

  it("name another remedy when the refused key is the account API key", async () => {
    const [chosen] = await provider.information();
    const refused = () => provider.respond(chosen as never, [], { toolMode: 1 }, { report: () => {} }, new Token());
    Object.assign(settings, { chatBackend: "platform" });
    fixture.credentials.get = () => Promise.reject(new Problem("noApiKey"));
    await assert.rejects(refused(), /^Error: The setting “chatgptSignIn.chatBackend” needs an account API key/);
    fixture.credentials.get = () => Promise.reject(new Problem("keyRejected"));
    await assert.rejects(refused(), /^Error: OpenAI doesn't accept your account API key/);
    Object.assign(settings, { authMode: "apiKey" });
    await assert.rejects(refused(), { message: new Problem("keyRejected").message });
    fixture.credentials.get = () => Promise.reject(new Problem("noApiKey"));
    await assert.rejects(refused(), { message: new Problem("noApiKey").message });
  });

  it("answer word by word, and report the plan's usage", async () => {
    fixture.fakeApi.next({
      ...answers.text("One two three.", 3),
      pauseMs: 15,
      headers: { "x-codex-primary-used-percent": "7" },
    });
    const parts = await ask([system("Be brief."), user(new Text("Count."))]);
    assert.equal(textOf(parts), "One two three.");
    assert.ok(parts.length >= 2);
    assert.equal(last().body.instructions, "Be brief.");
    assert.equal(usages[0]?.fiveHour?.usedPercent, 7);
  });

  it("see text, images and tool results, and nothing of markers for others", async () => {
    const tree = {
      node: {
        type: 1,
        children: [
          { type: 2, text: "from " },
          { type: 1, children: [{ type: 2, text: "tsx" }] },
        ],
      },
    };
    await ask([
      user(new Text("Look"), new Data(Uint8Array.of(1), "image/png"), new Data(Uint8Array.of(9), "cache_control"), {
        odd: true,
      }),
      assistant(new Text("ok"), new Call("c1", "shot", { x: 1 })),
      user(
        new Result("c1", [new Text("a"), new Tsx(tree), new Data(new TextEncoder().encode("{}"), "application/json")]),
        new Text("And?"),
      ),
    ]);
    assert.deepEqual(last().body.input, [
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", detail: "auto", image_url: "data:image/png;base64,AQ==" },
        ],
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "ok" }] },
      { type: "function_call", call_id: "c1", name: "shot", arguments: '{"x":1}' },
      { type: "function_call_output", call_id: "c1", output: "a\nfrom tsx\n{}" },
      { type: "message", role: "user", content: [{ type: "input_text", text: "And?" }] },
    ]);
  });

  it("call tools, in parallel too, and carry their encrypted thinking through the turns", async () => {
    const tools = [{ name: "read", description: "Reads." }];
    fixture.fakeApi.next({
      parts: [
        { reasoning: { encrypted: "enc-1", summary: "Hm." } },
        { text: "I read." },
        { toolCall: { name: "read", arguments: { path: "a" }, callId: "call_1" } },
        { toolCall: { name: "read", arguments: { path: "b" }, callId: "call_2" } },
      ],
    });
    const question = user(new Text("Read a and b."));
    const parts = await ask([question], { tools, toolMode: 2 });
    assert.equal(last().body.tool_choice, "required");
    const [text, ...calls] = parts;
    assert.deepEqual(calls, [new Call("call_1", "read", { path: "a" }), new Call("call_2", "read", { path: "b" })]);
    const history = [
      question,
      assistant(text, ...calls),
      user(new Result("call_1", [new Text("A")]), new Result("call_2", [new Text("B")])),
    ];
    await ask(history, { tools });
    const types = () => (last().body.input as { type: string }[]).map(({ type }) => type);
    const items = ["message", "function_call", "function_call", "function_call_output", "function_call_output"];
    assert.deepEqual(types(), ["message", "reasoning", ...items]);
    assert.deepEqual((last().body.input as unknown[])[1], {
      type: "reasoning",
      id: "rs_resp_1_0",
      summary: [{ type: "summary_text", text: "Hm." }],
      encrypted_content: "enc-1",
    });
    const { prompt_cache_key } = last().body;
    assert.equal(prompt_cache_key, fixture.fakeApi.responses[0]?.body.prompt_cache_key);
    // Another model, or another account, could not read it.
    await ask(history, { tools, modelId: "gpt-5.2" });
    assert.deepEqual(types(), ["message", ...items]);
    fixture.credentials.chatgpt = { bearer: "b", workspaceId: "another" };
    await ask(history, { tools });
    assert.deepEqual(types(), ["message", ...items]);
  });

  it("take allowed options and no others", async () => {
    await ask([user(new Text("x"))], { modelOptions: { reasoning_effort: "low", store: true, temperature: 1 } });
    assert.deepEqual(last().body.reasoning, { effort: "low" });
    assert.equal(last().body.store, false);
    assert.equal(last().body.temperature, undefined);
  });

  it("answer 20 requests at once, each its own", async () => {
    await provider.information();
    fixture.fakeApi.usually(({ body }) => {
      const input = body.input as { content: { text: string }[] }[];
      const name = input[0]?.content[0]?.text ?? "";
      return {
        parts: [
          { reasoning: { encrypted: `enc ${name}` } },
          { text: `answer to ${name}. `.repeat(40), deltas: 60 },
          { toolCall: { name: "t", arguments: { name }, callId: `call ${name}` } },
        ],
        pauseMs: 1,
      };
    });
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const name = `question ${index}`;
        const parts = await ask([user(new Text(name))], { tools: [{ name: "t", description: "" }] });
        assert.equal(textOf(parts), `answer to ${name}. `.repeat(40));
        assert.deepEqual(parts.at(-1), new Call(`call ${name}`, "t", { name }));
      }),
    );
    assert.equal(fixture.fakeApi.responses.length, 20);
  });

  it("stop at the server when the person stops", async () => {
    fixture.fakeApi.next({ parts: [{ text: "And then" }], end: "hang" });
    const token = new Token();
    await assert.rejects(ask([user(new Text("x"))], { token, onPart: () => token.cancel() }), /^Error: Canceled$/);
    await last().closed;
    assert.ok(last().abandonedAt);
    assert.equal(failures.length, 0);
    const gone = new Token();
    gone.cancel();
    await assert.rejects(ask([user(new Text("x"))], { token: gone }), /^Error: Canceled$/);
    assert.equal(fixture.fakeApi.responses.length, 1);
  });

  it("say in a sentence what went wrong, and offer the way out", async () => {
    fixture.fakeApi.next(faults.usageNotIncluded);
    await assert.rejects(ask([user(new Text("x"))]), /^Error: Your ChatGPT plan doesn't include this/);
    assert.equal(failures[0]?.code, "usageNotIncluded");
    fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
    await assert.rejects(ask([user(new Text("x"))]), { message: new Problem("needsSignIn").message });
    assert.equal(failures[1]?.code, "needsSignIn");
    const information = await provider.information();
    fixture.credentials.get = () => Promise.reject(new Problem("notSignedIn"));
    await assert.rejects(
      provider.respond(information[0] as never, [], { toolMode: 1 }, { report: () => {} }, new Token()),
      { message: new Problem("notSignedIn").message },
    );
    fixture.credentials.get = () => Promise.reject(new TypeError("a text of somebody else's"));
    await assert.rejects(
      provider.respond(information[0] as never, [], { toolMode: 1 }, { report: () => {} }, new Token()),
      { message: unexpectedSentence() },
    );
    assert.equal(failures.length, 3);
  });

  it("count tokens of text and of messages", () => {
    assert.equal(provider.countTokens("Hello there"), 2);
    const counted = provider.countTokens(
      user(
        new Text("Hello there"),
        new Data(Uint8Array.of(1), "image/png"),
        new Result("c", [new Text("Hello there")]),
      ) as vscode.LanguageModelChatRequestMessage,
    );
    assert.equal(counted, 4 + 2 + 1_105 + 2);
  });

  it("leave no secret in the log", async () => {
    fixture.fakeApi.usually(() => faults.server);
    await assert.rejects(ask([user(new Text("a secret question"))]));
    assert.ok(fixture.log.length > 0);
    assert.ok(!/bearer|account-1|secret question/.test(fixture.log.join("\n")));
  });
});
