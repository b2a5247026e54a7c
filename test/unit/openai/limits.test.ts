import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { createOpenAi } from "../../../src/openai/module.ts";
import type { RequestBody } from "../../../src/openai/responses.ts";
import type { HttpRequest } from "../../../src/platform/httpClient.ts";
import { isProblem, Problem } from "../../../src/shared/problem.ts";
import { usualModels } from "../../fakeApi/catalogue.ts";
import { CollectedAnswer, type Fixture, startFixture, testDependencies } from "./fixture.ts";

const megabyte = 1024 * 1024;

/** JSON that a small gzip expands to: the start, then as many MiB of spaces, then the end. */
function bomb(start: string, megabytes: number, end: string): Buffer {
  // A gzip may have several members, one after another (RFC 1952 section 2.2).
  const blank = gzipSync(Buffer.alloc(megabyte, " "));
  return Buffer.concat([gzipSync(start), ...Array.from({ length: megabytes }, () => blank), gzipSync(end)]);
}

/** How many MiB the process grew while something went on. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return (Math.max(most, process.memoryUsage().rss) - before) / megabyte;
}

describe("An answer that expands to more than any answer has", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture();
  });
  afterEach(() => fixture.stop());

  for (const [what, start, end] of [
    ["the list of models", '{"models":[', "]}"],
    ["the usage", '{"rate_limit":{"primary_window":{"used_percent":1}}', "}"],
  ] as const) {
    it(`is not read to its end where it is ${what}`, async () => {
      const packed = bomb(start, 256, end);
      assert.ok(packed.length < megabyte);
      fixture.fakeApi.outage = { status: 200, packed, headers: { "Content-Encoding": "gzip" } };
      const { openai, chatgpt } = fixture;
      const { catalogue } = await openai.requests();
      const ask = () => (what === "the usage" ? openai.usage.read(chatgpt) : catalogue.list(chatgpt));
      const grown = await growth(() => assert.rejects(ask(), (error) => isProblem(error, "unreadableAnswer")));
      assert.ok(grown < 96, `${grown} MiB`);
    });
  }

  it("is none where the list of models has each model's long instructions", async () => {
    const [entry] = usualModels.catalogue;
    fixture.fakeApi.setCatalogue([{ ...entry, base_instructions: "x".repeat(4 * megabyte) }]);
    const { catalogue } = await fixture.openai.requests();
    assert.equal((await catalogue.list(fixture.chatgpt)).length, 1);
  });
});

describe("The end of the extension", () => {
  it("ends a streamed request, and no other is sent", async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(200, { "Content-Type": "text/event-stream" }).write(": open\n\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const openai = createOpenAi(testDependencies(`http://127.0.0.1:${port}`));
    const { send } = await openai.requests();
    const sending = send({
      backend: openai.backend("chatgpt"),
      body: {} as RequestBody,
      traits: { sessionId: "s", responsesLite: false },
      sink: new CollectedAnswer(),
      signal: new AbortController().signal,
      onHeaders: () => openai.dispose(),
    });
    await assert.rejects(sending, { name: "AbortError" });
    await assert.rejects(openai.usage.read(openai.backend("chatgpt")), { name: "AbortError" });
    assert.equal(requests, 1);
    server.closeAllConnections();
    server.close();
  });
});

describe("A JSON call", () => {
  it("waits 5 s for the list of models and 10 s for the usage", async () => {
    const asked: (number | undefined)[] = [];
    const send = async ({ timeoutMs }: HttpRequest) => {
      asked.push(timeoutMs);
      throw new Problem("answerLost", "timeout");
    };
    const openai = createOpenAi({ ...testDependencies("https://openai.test"), http: { send } });
    const { catalogue } = await openai.requests();
    for (const kind of ["chatgpt", "platform"] as const) {
      await assert.rejects(catalogue.list(openai.backend(kind)), (error) => isProblem(error, "answerLost"));
    }
    await assert.rejects(openai.usage.read(openai.backend("chatgpt")), (error) => isProblem(error, "answerLost"));
    assert.deepEqual(asked, [5_000, 5_000, 10_000]);
  });

  it("ends with the extension", async () => {
    const server = createServer(() => openai.dispose());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const openai = createOpenAi(testDependencies(`http://127.0.0.1:${port}`));
    await assert.rejects(openai.usage.read(openai.backend("chatgpt")), { name: "AbortError" });
    server.closeAllConnections();
    server.close();
  });
});
