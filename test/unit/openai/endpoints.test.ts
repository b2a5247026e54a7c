import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EndpointPermissions } from "../../../src/account/endpointPermissions.ts";
import { accountBinding, endpointDefaults, ownKeyBinding } from "../../../src/account/endpoints.ts";
import { redeemCredits } from "../../../src/account/followUp/credits.ts";
import { ChatModelProvider } from "../../../src/editor/chat/chatModelProvider.ts";
import { checkApiKey } from "../../../src/openai/apiKeyCheck.ts";
import { createOpenAi, type OpenAi } from "../../../src/openai/module.ts";
import { createHttpClient } from "../../../src/platform/httpClient.ts";
import type { Logger } from "../../../src/platform/logger.ts";
import { isProblem, Problem } from "../../../src/shared/problem.ts";
import { answers } from "../../fakeApi/answers.ts";
import { host, Token, user } from "../editor/chat/fakeChatHost.ts";
import { MemoryMemento } from "../editor/sessions/sessionFixture.ts";
import { type Fixture, logInto, startFixture, userAgent } from "./fixture.ts";

const account = accountBinding(endpointDefaults.issuer);

const isNotAllowed = (error: unknown) => isProblem(error, "endpointNotAllowed");

/** The settings name a service that the person has not allowed; the real one is never reached from here. */
describe("A service that the person has not allowed", () => {
  let fixture: Fixture;
  let endpoints: EndpointPermissions;
  let answer: boolean;
  /** The person has not answered yet. */
  let thinking: Promise<void> | undefined;
  let asked: (readonly string[])[];
  let failures: Problem[];
  let log: Logger;
  let provider: ChatModelProvider;
  const settings = { authMode: "chatgpt" as "chatgpt" | "apiKey", chatBackend: "chatgpt" as "chatgpt" | "platform" };
  /** As the extension builds it, with permissions that are real. */
  const create = (): OpenAi => createOpenAi({ ...fixture.dependencies, endpoints });
  const createProvider = async () => {
    const openai = create();
    return new ChatModelProvider(
      {
        openai,
        requests: await openai.requests(),
        credentials: fixture.credentials,
        endpoints,
        consumers: { assertAllowed: () => {}, request: async () => false },
        settings,
        log,
        onFailure: (problem) => failures.push(problem),
      },
      host,
    );
  };

  beforeEach(async () => {
    fixture = await startFixture();
    fixture.credentials.chatgpt = { ...fixture.credentials.chatgpt, binding: account };
    fixture.credentials.apiKey = {
      ...fixture.credentials.apiKey,
      binding: ownKeyBinding(fixture.credentials.apiKey.bearer),
    };
    answer = false;
    thinking = undefined;
    asked = [];
    failures = [];
    Object.assign(settings, { authMode: "chatgpt", chatBackend: "chatgpt" });
    log = logInto(fixture.log);
    endpoints = new EndpointPermissions({
      memory: new MemoryMemento(),
      ask: async ({ addresses }) => {
        asked.push(addresses);
        await thinking;
        return answer;
      },
      clock: fixture.clock,
      log,
    });
    provider = await createProvider();
  });
  afterEach(() => fixture.stop());

  const backends = () => [create().backend("chatgpt"), create().backend("platform")];
  const respond = (
    initiator: string | undefined,
    onPart: (part: unknown) => void = () => {},
    token: Token = new Token(),
  ) =>
    provider.respond(
      { id: "gpt-5.5" } as never,
      [user("Hello?")] as never,
      { toolMode: 1, ...(initiator !== undefined && { requestInitiator: initiator }) } as never,
      { report: onPart },
      token,
    );

  it("gets no request for models, and nobody is asked", async () => {
    const { catalogue } = await create().requests();
    for (const backend of backends()) await assert.rejects(catalogue.list(backend), isNotAllowed);
    for (const mode of ["chatgpt", "apiKey"] as const) {
      settings.authMode = mode;
      assert.deepEqual(await provider.information(), []);
    }
    assert.deepEqual([fixture.fakeApi.records, asked], [[], []]);
  });

  it("gets no request for the usage, and nobody is asked", async () => {
    const [chatgpt] = backends();
    assert.ok(chatgpt);
    await assert.rejects(create().usage.read(chatgpt), isNotAllowed);
    assert.deepEqual([fixture.fakeApi.records, asked], [[], []]);
  });

  it("gets no chat request that was not asked about, also not as a replay", async () => {
    for (const backend of backends()) {
      await assert.rejects(fixture.send({ backend }), isNotAllowed);
      // The one that replaces a refused credential may be another's.
      if (backend.kind === "chatgpt") {
        await endpoints.grant(account, [fixture.chatgptBaseUrl]);
        fixture.fakeApi.next({ status: 401, json: {} });
        fixture.credentials.onRejected = async () => ({
          bearer: "another's",
          binding: accountBinding("https://login.example.com"),
        });
        await assert.rejects(fixture.send({ backend }), isNotAllowed);
        assert.deepEqual(
          fixture.fakeApi.responses.map(({ headers }) => headers.authorization),
          ["Bearer chatgpt-bearer-1"],
        );
      }
    }
  });

  for (const [mode, backend, address] of [
    ["chatgpt", "chatgpt", () => fixture.chatgptBaseUrl],
    ["chatgpt", "platform", () => fixture.apiBaseUrl],
    ["apiKey", "chatgpt", () => fixture.apiBaseUrl],
  ] as const) {
    it(`gets nothing in the mode ${mode} (${backend}) while the person says no, and is answered once they allow it`, async () => {
      Object.assign(settings, { authMode: mode, chatBackend: backend });
      await assert.rejects(respond("github.copilot-chat"), /Your credential wasn't sent/);
      await assert.rejects(respond("github.copilot-chat"), /Your credential wasn't sent/);
      assert.deepEqual([fixture.fakeApi.records, asked], [[], [[address()]]]);
      answer = true;
      const binding = mode === "apiKey" ? fixture.credentials.apiKey.binding : account;
      // The key that was made for an account is bound as its tokens are.
      if (mode === "chatgpt") fixture.credentials.apiKey = { ...fixture.credentials.apiKey, binding: account };
      assert.ok(binding);
      await endpoints.request(binding, [address()], { again: true });
      fixture.fakeApi.usually(() => answers.text("Fine."));
      const parts: unknown[] = [];
      await respond("github.copilot-chat", (part) => parts.push(part));
      assert.equal(parts.length, 1);
      assert.equal(asked.length, 2);
    });
  }

  it("is asked about at a question in Chat, and then answers it", async () => {
    answer = true;
    fixture.fakeApi.usually(() => answers.text("Fine."));
    await respond("github.copilot-chat");
    assert.deepEqual(asked, [[fixture.chatgptBaseUrl]]);
    assert.equal(fixture.fakeApi.responses.length, 1);
    assert.equal((await provider.information()).length, 3);
  });

  it("is sent nothing by a question in Chat that was stopped meanwhile, and one that waits goes where it was asked about", async () => {
    const answered = Promise.withResolvers<void>();
    thinking = answered.promise;
    const token = new Token();
    const stopped = assert.rejects(respond("github.copilot-chat", undefined, token), /ancel/);
    await new Promise((resolve) => setImmediate(resolve));
    token.cancel();
    await stopped;
    const going = respond("github.copilot-chat");
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked.length, 1);
    // What the person is asked about is what the request was made for.
    settings.chatBackend = "platform";
    answer = true;
    fixture.fakeApi.usually(() => answers.text("Fine."));
    answered.resolve();
    await going;
    assert.deepEqual(asked, [[fixture.chatgptBaseUrl]]);
    assert.equal(fixture.fakeApi.responses.length, 1);
    assert.equal(fixture.fakeApi.responses[0]?.headers.authorization, "Bearer chatgpt-bearer-1");
  });

  it("is not asked about when another extension asks; the way out is offered instead", async () => {
    answer = true;
    for (const initiator of [undefined, "some.extension", "", "core"]) {
      await assert.rejects(respond(initiator), /Your credential wasn't sent/);
    }
    assert.deepEqual([fixture.fakeApi.records, asked], [[], []]);
    assert.equal(failures.length, 4);
  });

  it("leaves the models in the picker that were there, so that a question can be asked", async () => {
    await endpoints.grant(account, [fixture.chatgptBaseUrl]);
    assert.equal((await provider.information()).length, 3);
    await endpoints.forget(account);
    settings.chatBackend = "platform";
    assert.equal((await provider.information()).length, 3);
  });

  it("leaves those that an earlier window had, but none that a request cannot be made from", async () => {
    await endpoints.grant(account, [fixture.chatgptBaseUrl]);
    const before = JSON.parse(JSON.stringify(await provider.information()));
    await endpoints.forget(account);
    const next = await createProvider();
    assert.deepEqual(await next.information([...before, { id: "old" }]), before);
    fixture.credentials.get = () => Promise.reject(new Problem("notSignedIn"));
    assert.deepEqual(await next.information(before), []);
  });

  it("gets nothing by a redirect of one that is allowed", async () => {
    const reached: string[] = [];
    const [target, targetUrl] = await listen((request, response) => {
      reached.push(`${request.method} ${request.url}`);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    let status = 307;
    const [redirecting, base] = await listen((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${targetUrl}${request.url}` }).end();
    });
    try {
      await endpoints.grant(account, [base]);
      const openai = createOpenAi({ ...fixture.dependencies, endpoints, endpoint: () => base });
      const backend = openai.backend("chatgpt");
      const { catalogue } = await openai.requests();
      const http = createHttpClient(() => userAgent, "chatgpt_sign_in");
      for (status of [301, 302, 303, 307, 308]) {
        await assert.rejects(fixture.send({ backend }));
        await assert.rejects(catalogue.list(backend), (error) => isProblem(error, "unreadableAnswer"));
        await assert.rejects(openai.usage.read(backend), (error) => isProblem(error, "unreadableAnswer"));
        await assert.rejects(checkApiKey(http, base, "sk-test-own-key-1"));
        await redeemCredits(http, base, "plus", "an.id.token", log);
      }
      assert.deepEqual(reached, []);
    } finally {
      for (const server of [target, redirecting]) server.close();
    }
  });
});

/** A server on a free port, and its address. */
async function listen(handle: RequestListener): Promise<[server: Server, url: string]> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}
