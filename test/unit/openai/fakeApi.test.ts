import assert from "node:assert/strict";
import OpenAI from "openai";
import { answers } from "../../fakeApi/answers.ts";
import { type Fixture, startFixture } from "./fixture.ts";

/** The fake API is believed because the official client, which knows nothing of it, can stream from it. */
describe("the fake API, seen by the official client", () => {
  let fixture: Fixture;
  let openai: OpenAI;
  beforeEach(async () => {
    fixture = await startFixture();
    openai = new OpenAI({ apiKey: "sk-official", baseURL: fixture.apiBaseUrl, maxRetries: 0 });
  });
  afterEach(() => fixture.stop());

  it("streams responses.create({stream: true})", async () => {
    fixture.fakeApi.next(answers.text("One two three four.", 4));
    let text = "";
    const types: string[] = [];
    const stream = await openai.responses.create({ model: "gpt-5.5", input: "Count.", stream: true });
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    assert.equal(text, "One two three four.");
    assert.equal(types.filter((type) => type === "response.output_text.delta").length, 4);
    assert.equal(types.at(0), "response.created");
    assert.equal(types.at(-1), "response.completed");
    assert.equal(fixture.fakeApi.responses[0]?.headers.authorization, "Bearer sk-official");
  });

  it("streams responses.stream() with text, parallel tool calls and reasoning into one final response", async () => {
    fixture.fakeApi.next({
      parts: [
        { reasoning: { encrypted: "opaque", summary: "Thinking about files." } },
        { text: "I will look.", deltas: 3 },
        { toolCall: { name: "read", arguments: { path: "a.ts" } } },
        { toolCall: { name: "read", arguments: { path: "b.ts" } } },
      ],
    });
    const stream = openai.responses.stream({ model: "gpt-5.5", input: "Look.", store: false });
    const final = await stream.finalResponse();
    assert.equal(final.output_text, "I will look.");
    assert.deepEqual(
      final.output.map((item) => item.type),
      ["reasoning", "message", "function_call", "function_call"],
    );
    assert.equal(final.usage?.output_tokens, 30);
  });

  it("gives the official client the errors it knows", async () => {
    await assert.rejects(openai.responses.create({ model: "gpt-9", input: "x", stream: true }), OpenAI.NotFoundError);
    fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
    await assert.rejects(
      openai.responses.create({ model: "gpt-5.5", input: "x", stream: true }),
      OpenAI.AuthenticationError,
    );
  });

  it("lists models to the official client", async () => {
    const ids = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    assert.deepEqual(ids, fixture.fakeApi.options.platformModels);
  });
});

describe("the fake API, as strict as the ChatGPT service", () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startFixture();
  });
  after(() => fixture.stop());

  const sound = { model: "gpt-5.5", instructions: "Help.", input: [], store: false, stream: true };
  const refusals: readonly [string, object, RegExp][] = [
    ["store", { ...sound, store: true }, /Store must be set to false/],
    ["stream", { ...sound, stream: false }, /Stream must be set to true/],
    ["input", { ...sound, input: "text" }, /Input must be a list/],
    ["instructions", { ...sound, instructions: undefined }, /Instructions are required/],
    ["max_output_tokens", { ...sound, max_output_tokens: 100 }, /Unsupported parameter: max_output_tokens/],
    ["temperature", { ...sound, temperature: 1 }, /Unsupported parameter: temperature/],
    ["model", { ...sound, model: "gpt-4o" }, /'gpt-4o' model is not supported when using Codex with a ChatGPT account/],
    ["unanswered call", { ...sound, input: [{ type: "function_call", call_id: "c1" }] }, /No tool output found/],
    ["orphaned output", { ...sound, input: [{ type: "function_call_output", call_id: "c1" }] }, /No tool call found/],
    ["lite model in the usual form", { ...sound, model: "gpt-5.6-sol" }, /Model not found/],
  ];

  const post = (body: object, headers: Record<string, string> = { "ChatGPT-Account-ID": "a" }) =>
    fetch(fixture.chatgpt.responsesUrl, {
      method: "POST",
      headers: { Authorization: "Bearer b", ...headers },
      body: JSON.stringify(body),
    });

  for (const [name, body, message] of refusals) {
    it(`refuses a wrong ${name}`, async () => {
      const response = await post(body);
      assert.ok(response.status === 400 || response.status === 404);
      assert.match(await response.text(), message);
    });
  }

  it("takes a sound body, and asks for the account header", async () => {
    const response = await post(sound);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /response\.completed/);
    assert.equal((await post(sound, {})).status, 401);
  });

  it("leaves paths that are not its own to others", async () => {
    assert.equal((await fetch(`${fixture.origin}/oauth/token`, { method: "POST" })).status, 404);
    assert.ok(!fixture.fakeApi.records.some(({ path }) => path === "/oauth/token"));
  });
});
