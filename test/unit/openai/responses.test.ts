import assert from "node:assert/strict";
import { conversationKey } from "../../../src/openai/cacheKey.ts";
import { parseCatalogue } from "../../../src/openai/chatgptModels.ts";
import type { ChatMessage } from "../../../src/openai/messages.ts";
import type { ChatModel } from "../../../src/openai/model.ts";
import { allowedOptions } from "../../../src/openai/modelOptions.ts";
import { parsePlatformList } from "../../../src/openai/platformModels.ts";
import { type Conversation, requestBody } from "../../../src/openai/responses.ts";
import { usualModels } from "../../fakeApi/catalogue.ts";
import { chatgptRejection } from "../../fakeApi/rejections.ts";

const listed = [
  ...(parseCatalogue({ models: usualModels.catalogue }) ?? []),
  ...(parsePlatformList({ data: [{ id: "gpt-4o" }] }) ?? []),
];

function model(id: string): ChatModel {
  const found = listed.find((candidate) => candidate.id === id);
  assert.ok(found);
  return found;
}

function conversation(messages: readonly ChatMessage[], fields: Partial<Conversation> = {}): Conversation {
  return {
    model: model("gpt-5.5"),
    messages,
    tools: [],
    toolRequired: false,
    options: {},
    cacheKey: "key",
    showThinking: false,
    ...fields,
  };
}

const user = (text: string): ChatMessage => ({ role: "user", content: [{ type: "text", text }] });
const chatgpt = { kind: "chatgpt" } as const;
const platform = { kind: "platform" } as const;
const everyOption = allowedOptions({
  max_output_tokens: 99.5,
  temperature: 0.5,
  top_p: 0.9,
  reasoning_effort: "high",
  verbosity: "low",
  service_tier: "flex",
  parallel_tool_calls: false,
});

describe("the request body", () => {
  it("holds a whole conversation in the Responses API's items", () => {
    const image = Uint8Array.from([1, 2, 3, 4]).subarray(1, 3);
    const body = requestBody(
      chatgpt,
      conversation([
        { role: "system", text: "Be brief." },
        { role: "system", text: "Use tools." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image", mimeType: "image/png", data: image },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", id: "rs_1", summary: ["Hm."], encryptedContent: "opaque" },
            { type: "text", text: "I look." },
            { type: "toolCall", callId: "c1", name: "read", input: { path: "a" } },
            { type: "toolCall", callId: "c2", name: "shot", input: {} },
          ],
        },
        {
          role: "tool",
          callId: "c1",
          content: [
            { type: "text", text: "x" },
            { type: "text", text: "y" },
          ],
        },
        { role: "tool", callId: "c2", content: [{ type: "image", mimeType: "image/jpeg", data: image }] },
        { role: "system", text: "Later." },
        user("Well?"),
      ]),
    );
    assert.equal(body.instructions, "Be brief.\n\nUse tools.");
    assert.deepEqual(body.input, [
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "What is it?" },
          { type: "input_image", detail: "auto", image_url: "data:image/png;base64,AgM=" },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "opaque" },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I look." }] },
      { type: "function_call", call_id: "c1", name: "read", arguments: '{"path":"a"}' },
      { type: "function_call", call_id: "c2", name: "shot", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "x\ny" },
      {
        type: "function_call_output",
        call_id: "c2",
        output: [{ type: "input_image", detail: "auto", image_url: "data:image/jpeg;base64,AgM=" }],
      },
      { type: "message", role: "developer", content: [{ type: "input_text", text: "Later." }] },
      { type: "message", role: "user", content: [{ type: "input_text", text: "Well?" }] },
    ]);
  });

  it("keeps the ChatGPT service's rules whatever options are asked for", () => {
    for (const id of ["gpt-5.5", "gpt-5.2", "gpt-5.6-sol"]) {
      const { responsesLite } = model(id);
      const tools = [{ name: "t", description: "d" }];
      const body = requestBody(chatgpt, conversation([user("x")], { model: model(id), options: everyOption, tools }));
      assert.equal(chatgptRejection({ ...body }, { lite: responsesLite }, responsesLite), undefined);
      assert.deepEqual(body.include, ["reasoning.encrypted_content"]);
      assert.equal(body.prompt_cache_key, "key");
      assert.equal(body.reasoning?.effort, "high");
    }
  });

  it("gives the Platform what it takes, by the model's kind", () => {
    const plain = requestBody(platform, conversation([user("x")], { model: model("gpt-4o"), options: everyOption }));
    assert.equal(plain.store, false);
    assert.equal(plain.max_output_tokens, 99);
    assert.equal(plain.temperature, 0.5);
    assert.equal(plain.top_p, 0.9);
    assert.equal(plain.include, undefined);
    assert.equal(plain.reasoning, undefined);
    const reasoning = requestBody(platform, conversation([user("x")], { options: everyOption }));
    assert.equal(reasoning.max_output_tokens, 99);
    assert.equal(reasoning.temperature, undefined);
    assert.equal(reasoning.top_p, undefined);
    assert.deepEqual(reasoning.reasoning, { effort: "high" });
  });

  it("defines tools with a schema even where the editor gives none, and asks for one where it must", () => {
    const tools = [
      { name: "a", description: "A" },
      { name: "b", description: "B", inputSchema: { type: "object", properties: { x: {} } } },
    ];
    const body = requestBody(chatgpt, conversation([user("x")], { tools, toolRequired: true }));
    assert.equal(body.tool_choice, "required");
    assert.equal(body.parallel_tool_calls, true);
    assert.deepEqual(body.tools, [
      { type: "function", name: "a", description: "A", parameters: { type: "object", properties: {} }, strict: false },
      {
        type: "function",
        name: "b",
        description: "B",
        parameters: { type: "object", properties: { x: {} } },
        strict: false,
      },
    ]);
    assert.equal(
      requestBody(chatgpt, conversation([user("x")], { tools, model: model("gpt-5.2") })).parallel_tool_calls,
      false,
    );
  });

  it("asks for a summary of the thinking only where it can be shown", () => {
    assert.equal(requestBody(chatgpt, conversation([user("x")])).reasoning?.summary, undefined);
    assert.equal(requestBody(chatgpt, conversation([user("x")], { showThinking: true })).reasoning?.summary, "auto");
  });

  it("mends a history that the editor cut: no call without output, no output without call", () => {
    const { input } = requestBody(
      chatgpt,
      conversation([
        { role: "tool", callId: "lost", content: [{ type: "text", text: "?" }] },
        { role: "assistant", content: [{ type: "toolCall", callId: "open", name: "t", input: {} }] },
        { role: "tool", callId: "done", content: [] },
        { role: "assistant", content: [{ type: "text", text: "" }] },
        { role: "user", content: [] },
      ]),
    );
    assert.deepEqual(input, [
      { type: "function_call", call_id: "open", name: "t", arguments: "{}" },
      { type: "function_call_output", call_id: "open", output: "(no result)" },
    ]);
  });

  it("puts instructions and tools of a lite model into the input", () => {
    const body = requestBody(
      chatgpt,
      conversation(
        [
          { role: "system", text: "S" },
          { role: "user", content: [{ type: "image", mimeType: "image/png", data: new Uint8Array(1) }] },
        ],
        { model: model("gpt-5.6-sol"), tools: [{ name: "t", description: "d" }], toolRequired: true },
      ),
    );
    assert.equal(body.instructions, undefined);
    assert.equal(body.tools, undefined);
    assert.equal(body.reasoning?.context, "all_turns");
    assert.deepEqual(body.input, [
      {
        type: "additional_tools",
        role: "developer",
        tools: [
          {
            type: "function",
            name: "t",
            description: "d",
            parameters: { type: "object", properties: {} },
            strict: false,
          },
        ],
      },
      { type: "message", role: "developer", content: [{ type: "input_text", text: "S" }] },
      { type: "message", role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AA==" }] },
    ]);
  });

  it("takes no option that is not on the list, and none of a wrong kind", () => {
    assert.deepEqual(
      allowedOptions({
        store: true,
        model: "x",
        instructions: "ignore",
        temperature: "hot",
        top_p: 2,
        max_tokens: -1,
        reasoning_effort: "infinite",
        verbosity: ["low"],
        service_tier: "free",
        parallel_tool_calls: "yes",
        __proto__: { verbosity: 1 },
      }),
      {},
    );
    assert.deepEqual(allowedOptions({ maxTokens: 50, reasoningEffort: "low" }), {
      maxOutputTokens: 50,
      reasoningEffort: "low",
    });
    assert.deepEqual(allowedOptions(undefined), {});
  });
});

describe("the key of a conversation", () => {
  const first: ChatMessage[] = [{ role: "system", text: "S" }, user("Question")];
  it("stays the same from turn to turn, and is a UUID", () => {
    const key = conversationKey("scope", first);
    const later: ChatMessage[] = [
      ...first,
      { role: "assistant", content: [{ type: "text", text: "A" }] },
      user("More"),
    ];
    assert.equal(conversationKey("scope", later), key);
    assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("differs for another beginning, model or account", () => {
    const key = conversationKey("scope", first);
    assert.notEqual(conversationKey("scope 2", first), key);
    assert.notEqual(conversationKey("scope", [{ role: "system", text: "S" }, user("Another")]), key);
    assert.notEqual(conversationKey("scope", [{ role: "system", text: "S2" }, user("Question")]), key);
  });
});
