import assert from "node:assert/strict";
import * as vscode from "vscode";
import { answers, faults, type Script } from "../fakeApi/answers.ts";
import type { RequestRecord } from "../fakeApi/fakeApi.ts";
import { eventually, patience } from "../support/timing.ts";
import { anotherExtension } from "./anotherExtension.ts";
import { signIn, signOut, useService } from "./signedIn.ts";

const vendor = "chatgpt-sign-in";
/** A PNG of one pixel. */
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const tools = [{ name: "read", description: "Reads a file.", inputSchema: { type: "object" } }];

describe("the account's models, asked for by another extension", () => {
  const service = useService();
  let api: typeof vscode;

  before(async () => {
    api = await anotherExtension();
  });

  const allow = (ids: string[] | undefined) =>
    vscode.workspace
      .getConfiguration("chatgptSignIn")
      .update("allowedExtensions", ids, vscode.ConfigurationTarget.Global);
  after(() => allow(undefined));

  const models = () => api.lm.selectChatModels({ vendor });

  async function model(id = "gpt-5.5"): Promise<vscode.LanguageModelChat> {
    const found = (await models()).find((candidate) => candidate.id === id);
    assert.ok(found, `no model ${id}`);
    return found;
  }

  const user = (content: string | readonly unknown[]) => api.LanguageModelChatMessage.User(content as string);

  async function ask(
    messages: vscode.LanguageModelChatMessage[],
    options: vscode.LanguageModelChatRequestOptions = {},
    token?: vscode.CancellationToken,
  ): Promise<unknown[]> {
    const answer = await (await model()).sendRequest(messages, options, token);
    const parts: unknown[] = [];
    for await (const part of answer.stream) parts.push(part);
    return parts;
  }

  const textOf = (parts: unknown[]) =>
    parts.map((part) => (part instanceof api.LanguageModelTextPart ? part.value : "")).join("");

  const last = (): RequestRecord => {
    const record = service().fakeApi.responses.at(-1);
    assert.ok(record);
    return record;
  };

  it("are none, silently, while nobody is signed in, and nothing is asked of the network", async () => {
    assert.deepEqual(await models(), []);
    assert.deepEqual(service().fakeApi.records, []);
  });

  it("are there after the sign-in, with what they can do", async () => {
    await signIn();
    await eventually(async () => {
      assert.deepEqual(
        (await models()).map(({ id }) => id),
        ["gpt-5.5", "gpt-5.6-sol", "gpt-5.2"],
      );
    });
    const { name, family, maxInputTokens } = await model();
    assert.deepEqual([name, family, maxInputTokens], ["GPT-5.5", "gpt-5.5", 258_400]);
    assert.equal(await (await model()).countTokens("Hello there"), 2);
  });

  it("answer no extension before the person has allowed it, and one in the settings without waiting for the answer", async () => {
    // No dialog is shown in this VS Code.
    await assert.rejects(ask([user("Count.")]), (error: vscode.LanguageModelError) => {
      assert.deepEqual([error.code, error instanceof api.LanguageModelError], ["NoPermissions", true]);
      assert.match(error.message, /This extension needs your permission to use OpenAI models/);
      return true;
    });
    assert.deepEqual(service().fakeApi.responses, []);
    await allow(["Tests.Probe"]);
    await ask([user("Count.")]);
    assert.equal(service().fakeApi.responses.length, 1);
  });

  it("answer in text", async () => {
    service().fakeApi.next({ ...answers.text("One two three.", 3), pauseMs: 20 });
    assert.equal(textOf(await ask([user("Count.")])), "One two three.");
    const { headers, body } = last();
    assert.equal(headers.originator, "chatgpt_sign_in");
    assert.match(headers["user-agent"] ?? "", /^chatgpt_sign_in\/\d/);
    assert.deepEqual([body.store, body.stream, body.model], [false, true, "gpt-5.5"]);
  });

  it("see images, call tools in parallel, and take their results", async () => {
    service().fakeApi.next(
      answers.calls(
        { name: "read", arguments: { path: "a" }, callId: "call_1" },
        { name: "read", arguments: { path: "b" }, callId: "call_2" },
      ),
      answers.text("Both are read."),
    );
    // VS Code looks into images, so it must be one.
    const image = Buffer.from(pixel, "base64");
    const { LanguageModelDataPart } = api as unknown as {
      LanguageModelDataPart: { image(data: Uint8Array, type: string): vscode.LanguageModelTextPart };
    };
    const question = user([
      new api.LanguageModelTextPart("Look, then read."),
      LanguageModelDataPart.image(image, "image/png"),
    ]);
    const calls = await ask([question], { tools });
    assert.deepEqual(
      calls.map((call) => call instanceof api.LanguageModelToolCallPart && [call.callId, call.name, call.input]),
      [
        ["call_1", "read", { path: "a" }],
        ["call_2", "read", { path: "b" }],
      ],
    );
    assert.match(JSON.stringify(last().body.input), /"data:image\/png;base64,iVBORw0KGgo/);
    const results = ["call_1", "call_2"].map(
      (callId) => new api.LanguageModelToolResultPart(callId, [new api.LanguageModelTextPart(`content of ${callId}`)]),
    );
    const answered = await ask([question, api.LanguageModelChatMessage.Assistant(calls as never), user(results)], {
      tools,
    });
    assert.equal(textOf(answered), "Both are read.");
    assert.deepEqual(
      (last().body.input as { type: string; output?: string }[]).map(({ type, output }) => output ?? type),
      ["message", "function_call", "function_call", "content of call_1", "content of call_2"],
    );
  });

  it("answer 20 requests at once, each its own", async () => {
    service().fakeApi.usually(({ body }) => {
      const [message] = body.input as { content: { text: string }[] }[];
      return { ...answers.text(`answer to ${message?.content[0]?.text}. `.repeat(30), 40), pauseMs: 2 };
    });
    const questions = Array.from({ length: 20 }, (_, index) => `question ${index}`);
    const heard = await Promise.all(questions.map(async (question) => textOf(await ask([user(question)]))));
    assert.deepEqual(
      heard,
      questions.map((question) => `answer to ${question}. `.repeat(30)),
    );
  });

  it("stop at the server", async () => {
    service().fakeApi.next({ parts: [{ text: "And then" }], end: "hang" });
    const source = new api.CancellationTokenSource();
    const answer = await (await model()).sendRequest([user("Tell me.")], {}, source.token);
    let heard = "";
    const read = async () => {
      for await (const text of answer.text) {
        heard += text;
        source.cancel();
      }
    };
    await Promise.all([read().catch(() => undefined), eventually(() => assert.ok(last().abandonedAt), patience)]);
    assert.equal(heard, "And then");
  });

  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const said: readonly [what: string, fault: Script, sentence: RegExp, code: string | undefined][] = [
    [
      "the usage limit is reached",
      faults.usageLimit(inAnHour),
      /reached the usage limit of your ChatGPT plan\. It resets (?:at \d|on \w)/,
      "Blocked",
    ],
    ["the plan does not include it", faults.usageNotIncluded, /plan doesn't include this/, "Blocked"],
    [
      "the model is not supported",
      {
        status: 400,
        json: { detail: "The 'gpt-5.5' model is not supported when using Codex with a ChatGPT account." },
      },
      /This model isn't available to your account/,
      "NotFound",
    ],
    ["the service is overloaded", faults.overloaded, /OpenAI is temporarily unavailable/, undefined],
    ["the region is not served", faults.region, /isn't available in the region of this network/, undefined],
    ["a protection page is in between", faults.edge, /A bot-protection page blocked VS Code/, undefined],
    ["the network's own page answers", faults.portal, /a network sign-in page may have replaced it/, undefined],
    ["the connection breaks", { parts: [{ text: "Half" }], end: "lost" }, /connection was lost before/, undefined],
  ];
  for (const [what, fault, sentence, code] of said) {
    it(`say that ${what}`, async () => {
      service().fakeApi.usually(() => fault);
      await assert.rejects(ask([user("x")]), (error: Error & { code?: string }) => {
        assert.match(error.message, sentence);
        if (code !== undefined) assert.equal(error.code, code);
        return true;
      });
    });
  }

  it("say that a credential is not accepted yet, which is no reason to sign in again", async () => {
    service().fakeApi.usually(() => faults.expired);
    await assert.rejects(ask([user("x")]), /doesn't accept the ChatGPT credential that it just issued/);
    service().fakeApi.usually(() => answers.text("Fine."));
    assert.equal(textOf(await ask([user("x")])), "Fine.");
  });

  it("come from the Platform, with the account API key, when the setting is platform", async () => {
    const configuration = vscode.workspace.getConfiguration("chatgptSignIn");
    await configuration.update("chatBackend", "platform", vscode.ConfigurationTarget.Global);
    // The Platform has no names for its models.
    await eventually(async () => assert.equal((await model()).name, "gpt-5.5"));
    service().fakeApi.next(answers.text("From the Platform."));
    assert.equal(textOf(await ask([user("x")])), "From the Platform.");
    assert.equal(last().surface, "platform");
    await configuration.update("chatBackend", undefined, vscode.ConfigurationTarget.Global);
  });

  it("say that the sign-in has expired, and answer again after the next one", async () => {
    const { issuer } = service();
    issuer.setLifetimes({ accessToken: 1 });
    await vscode.commands.executeCommand("chatgptSignIn.refresh");
    issuer.setLifetimes({ accessToken: 864_000 });
    issuer.revokeAll("plus");
    // From when the second is over; until then the service refuses what it has just issued.
    await eventually(() =>
      assert.rejects(ask([user("x")]), {
        message: /Your ChatGPT sign-in is no longer accepted/,
        code: "NoPermissions",
      }),
    );
    assert.equal((await models()).length, 3);
    await signIn();
    assert.equal(textOf(await ask([user("x")])), "Fine.");
  });

  it("are none again after the sign-out", async () => {
    await signOut();
    await eventually(async () => assert.deepEqual(await models(), []));
  });
});
