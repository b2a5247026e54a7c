import assert from "node:assert/strict";
import { accountBinding, endpointDefaults, ownKeyBinding } from "../../../../src/account/endpoints.ts";
import { chatError } from "../../../../src/editor/chat/chatErrors.ts";
import { ChatModelProvider } from "../../../../src/editor/chat/chatModelProvider.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { answers } from "../../../fakeApi/answers.ts";
import { settle, until } from "../../../support/vscodeStub/stub.ts";
import { type Fixture, logInto, startFixture } from "../../openai/fixture.ts";
import { host, Token, user } from "../chat/fakeChatHost.ts";
import { type ConsumerFixture, createConsumerFixture } from "./consumerFixture.ts";

describe("A request to a model", () => {
  let fixture: Fixture;
  let person: ConsumerFixture;
  let provider: ChatModelProvider;
  let failures: string[];
  let isServiceAllowed: boolean;
  const settings = { authMode: "chatgpt" as "chatgpt" | "apiKey", chatBackend: "chatgpt" as "chatgpt" | "platform" };

  beforeEach(async () => {
    fixture = await startFixture();
    person = createConsumerFixture();
    failures = [];
    isServiceAllowed = true;
    Object.assign(settings, { authMode: "chatgpt", chatBackend: "chatgpt" });
    const { credentials, openai } = fixture;
    const binding = accountBinding(endpointDefaults.issuer);
    credentials.chatgpt = { ...credentials.chatgpt, account: "account-1", binding };
    credentials.apiKey = { bearer: "sk-test-key-1", binding: ownKeyBinding("sk-test-key-1") };
    fixture.fakeApi.usually(() => answers.text("Fine."));
    provider = new ChatModelProvider(
      {
        ...{ openai, credentials, settings },
        requests: await openai.requests(),
        endpoints: {
          assertAllowed() {
            if (!isServiceAllowed) throw new Problem("endpointNotAllowed");
          },
          request: async () => {},
        },
        consumers: person.consumers,
        log: logInto(fixture.log),
        onFailure: ({ code }) => failures.push(code),
      },
      { ...host, error: chatError },
    );
  });
  afterEach(() => fixture.stop());

  const ask = (requestInitiator?: unknown, token = new Token()) =>
    provider.respond(
      { id: "gpt-5.5" } as never,
      [user("Hello?")] as never,
      { toolMode: 1, ...(requestInitiator !== undefined && { requestInitiator }) } as never,
      { report: () => {} },
      token,
    );
  const sent = () => fixture.fakeApi.responses.length;
  const lastAsked = () => person.asked.at(-1)?.consumer;

  it("of VS Code's own Chat needs no consent, however VS Code writes its id", async () => {
    for (const chat of ["github.copilot-chat", "GitHub.copilot-chat"]) await ask(chat);
    assert.deepEqual([sent(), person.asked.length], [2, 0]);
  });

  it("of VS Code itself, such as for an MCP server, is asked about once, and is no extension's", async () => {
    const waiting = ask("core");
    await settle();
    assert.equal(sent(), 0);
    assert.deepEqual(lastAsked(), { extension: "core", pays: "plan", payer: "account-1" });
    await person.answer("allowed");
    await waiting;
    await ask("core");
    await ask("github.copilot-chat");
    assert.deepEqual([sent(), person.asked.length], [3, 1]);
    const refused = assert.rejects(ask("some.extension"));
    await person.answer("refused");
    await refused;
  });

  it("is not asked about where the credential may not be sent to the service anyway", async () => {
    isServiceAllowed = false;
    await assert.rejects(ask("a.b"), { message: new Problem("endpointNotAllowed").message });
    assert.deepEqual([sent(), person.asked.length], [0, 0]);
  });

  it("of another extension is sent after the person has allowed it, and then at once", async () => {
    const waiting = ask("Some.Extension");
    await settle();
    assert.equal(sent(), 0);
    await person.answer("allowed");
    await waiting;
    await ask("some.extension");
    assert.deepEqual([sent(), person.asked.length], [2, 1]);
    assert.deepEqual(lastAsked(), { extension: "some.extension", pays: "plan", payer: "account-1" });
  });

  it("that is not allowed sends nothing, and the extension gets VS Code's NoPermissions with what to do", async () => {
    for (const [given, code] of [
      [undefined, "extensionNotAllowed"],
      ["refused", "extensionRefused"],
      ["refused", "extensionRefused"],
    ] as const) {
      const failed = assert.rejects(ask(`${code}.of-its-own`), {
        message: new Problem(code).message,
        code: "NoPermissions",
        stack: "",
      });
      await person.answer(given);
      await failed;
    }
    assert.deepEqual([sent(), person.asked.length], [0, 2]);
    assert.deepEqual(failures, ["extensionNotAllowed", "extensionRefused", "extensionRefused"]);
  });

  it("of whoever VS Code does not name counts as of one unknown extension", async () => {
    const odd = [
      ...[
        undefined,
        null,
        "",
        "unknown",
        "core ",
        "Core",
        "copilot-chat",
        42,
        {},
        ["core"],
        { toString: () => "core" },
      ],
      ...[
        "a",
        ".",
        "a.",
        ".b",
        "a.b\nc",
        "a b.c",
        "x\u202e.y",
        "__proto__",
        `a.${"b".repeat(500)}`,
        "gıthub.copilot-chat",
      ],
    ];
    const waiting = odd.map((initiator) => ask(initiator));
    await person.answer("allowed");
    await Promise.all(waiting);
    assert.deepEqual([sent(), person.asked.length], [odd.length, 1]);
    assert.equal(lastAsked()?.extension, "unknown");
    for (const near of ["github.copilot-chat-x", "github.copilot", "core.core", "evil.core", "unknown.unknown"]) {
      const refused = assert.rejects(ask(near));
      await person.answer("refused");
      await refused;
      assert.equal(lastAsked()?.extension, near);
    }
  });

  it("names who pays: the plan, the account's API key, or the key that the person typed", async () => {
    const { credentials } = fixture;
    const paid: unknown[] = [];
    const next = async () => {
      const waiting = ask("a.b");
      await person.answer("allowed");
      await waiting;
      paid.push([lastAsked()?.pays, lastAsked()?.payer]);
    };
    await next();
    Object.assign(settings, { authMode: "apiKey" });
    await next();
    credentials.apiKey = { bearer: "sk-test-key-2", binding: ownKeyBinding("sk-test-key-2") };
    await next();
    Object.assign(settings, { authMode: "chatgpt", chatBackend: "platform" });
    credentials.apiKey = { ...credentials.apiKey, account: "account-1" };
    await next();
    assert.equal(person.asked.length, 4);
    assert.deepEqual(paid, [
      ["plan", "account-1"],
      ["ownKey", ownKeyBinding("sk-test-key-1").name],
      ["ownKey", ownKeyBinding("sk-test-key-2").name],
      ["accountKey", "account-1"],
    ]);
    assert.ok(!JSON.stringify(person.memory.get("modelConsumers")).includes("sk-test"), "no key is remembered");
  });

  it("is asked about again when the person switches accounts while they think", async () => {
    const waiting = ask("a.b");
    await settle();
    fixture.credentials.chatgpt = { ...fixture.credentials.chatgpt, bearer: "another-bearer", account: "account-2" };
    await person.answer("allowed");
    await until(() => person.asked.length === 2);
    assert.equal(lastAsked()?.payer, "account-2");
    assert.equal(sent(), 0);
    await person.answer("allowed");
    await waiting;
    assert.equal(fixture.fakeApi.responses[0]?.headers.authorization, "Bearer another-bearer");
  });

  it("is not sent again with another account's credential after the first was refused by the service", async () => {
    await person.decide("allowed", { extension: "a.b", pays: "plan", payer: "account-1" });
    fixture.fakeApi.next({ status: 401, json: {} });
    fixture.credentials.onRejected = async (credential) => ({ ...credential, bearer: "another", account: "account-2" });
    await assert.rejects(ask("a.b"), { code: "NoPermissions" });
    assert.deepEqual(
      fixture.fakeApi.responses.map(({ headers }) => headers.authorization),
      ["Bearer chatgpt-bearer-1"],
    );
    fixture.fakeApi.next({ status: 401, json: {} });
    await ask("github.copilot-chat");
    assert.equal(sent(), 3);
  });

  it("that is stopped while the person thinks ends at once, and their answer counts for the next", async () => {
    const token = new Token();
    const stopped = assert.rejects(ask("a.b", token), /ancel/);
    await settle();
    token.cancel();
    await stopped;
    assert.equal(token.listeners.size, 0);
    await person.answer("allowed");
    await ask("a.b");
    assert.deepEqual([sent(), person.asked.length], [1, 1]);
  });

  it("is all that is asked about: listing models and counting tokens costs nothing", async () => {
    assert.equal((await provider.information()).length, 3);
    assert.equal(provider.countTokens("Hello there"), 2);
    assert.equal(person.asked.length, 0);
  });
});
