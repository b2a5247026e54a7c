import assert from "node:assert/strict";
import { ModelCatalogue } from "../../../src/openai/modelCatalogue.ts";
import { parseCatalogue, parsePlatformList } from "../../../src/openai/models.ts";
import { Problem } from "../../../src/platform/problem.ts";
import { faults } from "../../standIn/answers.ts";
import { usualModels } from "../../standIn/catalogue.ts";
import { type Bed, startBed } from "./bed.ts";

describe("ChatGPT's catalogue", () => {
  it("gives the visible models in its own order", () => {
    const models = parseCatalogue({ models: usualModels.catalogue });
    assert.deepEqual(
      models?.map(({ id }) => id),
      ["gpt-5.5", "gpt-5.6-sol", "gpt-5.2"],
    );
    const [first, lite, textOnly] = models ?? [];
    assert.deepEqual(first, {
      id: "gpt-5.5",
      name: "GPT-5.5",
      description: "Description of gpt-5.5.",
      family: "gpt-5.5",
      maxInputTokens: 258_400,
      maxOutputTokens: 128_000,
      toolCalling: true,
      imageInput: true,
      parallelToolCalls: true,
      reasoningLevels: ["low", "medium", "high", "xhigh"],
      defaultReasoningLevel: "medium",
      verbosity: true,
      responsesLite: false,
    });
    assert.equal(lite?.responsesLite, true);
    assert.equal(textOnly?.imageInput, false);
  });

  it("skips entries of an unknown shape and values that it does not know", () => {
    const models = parseCatalogue({
      models: [
        null,
        "gpt",
        { slug: 7, visibility: "list" },
        { slug: "", visibility: "list" },
        { slug: "a", visibility: "list", context_window: "big" },
        {
          slug: "b",
          visibility: "list",
          supported_reasoning_levels: [{ effort: "low" }, { effort: "cosmic" }, "high"],
          default_reasoning_level: "cosmic",
        },
        { slug: "c", visibility: "none" },
        { slug: "d" },
      ],
    });
    assert.equal(models?.length, 1);
    assert.equal(models[0]?.id, "b");
    assert.equal(models[0]?.name, "b");
    assert.deepEqual(models[0]?.reasoningLevels, ["low"]);
    assert.equal(models[0]?.defaultReasoningLevel, undefined);
    assert.equal(parseCatalogue({ data: [] }), undefined);
    assert.equal(parseCatalogue("<html>"), undefined);
  });
});

describe("the Platform's list", () => {
  it("gives the chat models, newest first, without snapshots of an alias", () => {
    const models = parsePlatformList({ data: [...usualModels.platformModels.map((id) => ({ id })), { id: 3 }, null] });
    assert.deepEqual(
      models?.map(({ id }) => id),
      ["gpt-5.5", "gpt-5-chat-latest", "gpt-4.1-mini", "gpt-4o", "o3"],
    );
  });

  it("knows what each family can", () => {
    const of = (id: string) => parsePlatformList({ data: [{ id }] })?.[0];
    assert.equal(of("gpt-5-chat-latest")?.toolCalling, false);
    assert.deepEqual(of("gpt-4o")?.reasoningLevels, []);
    assert.equal(of("o3-mini")?.imageInput, false);
    assert.equal(of("gpt-6-2027-01-01")?.family, "gpt-6");
    assert.equal(of("ft:gpt-4o-mini:acme::id")?.maxOutputTokens, 16_384);
    for (const id of [
      "gpt-3.5-turbo",
      "gpt-4",
      "o1-mini",
      "davinci-002",
      "gpt-4o-realtime",
      "gpt-5-search-api",
      "sora-2",
      "ft:davinci:x",
    ]) {
      assert.equal(of(id), undefined, id);
    }
  });
});

describe("the list of models", () => {
  let bed: Bed;
  let now: number;
  let catalogue: ModelCatalogue;
  const asked = () => bed.standIn.records.filter(({ path }) => path.endsWith("/models"));
  beforeEach(async () => {
    bed = await startBed();
    now = 1_000_000;
    catalogue = new ModelCatalogue({
      fetch,
      credentials: bed.credentials,
      clock: { ...bed.clock, now: () => now, after: bed.clock.after },
      log: () => {},
    });
  });
  afterEach(() => bed.stop());

  it("is asked for once in 5 minutes, and then with the ETag", async () => {
    const lists = await Promise.all([catalogue.list(bed.chatgpt), catalogue.list(bed.chatgpt)]);
    assert.equal(lists[0].length, 3);
    now += 299_999;
    await catalogue.list(bed.chatgpt);
    assert.equal(asked().length, 1);
    now += 1;
    assert.equal(await catalogue.list(bed.chatgpt), lists[0]);
    assert.equal(asked()[1]?.headers["if-none-match"], 'W/"1"');
    assert.equal(asked()[1]?.status, 304);
    now += 299_999;
    await catalogue.list(bed.chatgpt);
    assert.equal(asked().length, 2);
    bed.standIn.setCatalogue(usualModels.catalogue.slice(0, 2));
    now += 1;
    assert.equal((await catalogue.list(bed.chatgpt)).length, 2);
    catalogue.expire();
    await catalogue.list(bed.chatgpt);
    assert.equal(asked().length, 4);
  });

  it("is no list when it is an error, whatever its status", async () => {
    bed.standIn.outage = { ...faults.region, status: 200 };
    await assert.rejects(catalogue.list(bed.chatgpt), /this network's region/);
    bed.standIn.outage = undefined;
    const list = await catalogue.list(bed.chatgpt);
    now += 300_000;
    bed.standIn.outage = { ...faults.overloaded, status: 200 };
    assert.equal(await catalogue.list(bed.chatgpt), list);
  });

  it("stands while the service fails or is not there", async () => {
    const list = await catalogue.list(bed.chatgpt);
    now += 300_000;
    bed.standIn.outage = faults.server;
    assert.equal(await catalogue.list(bed.chatgpt), list);
    bed.standIn.outage = faults.portal;
    assert.equal(await catalogue.list(bed.chatgpt), list);
    await bed.stop();
    assert.equal(await catalogue.list(bed.chatgpt), list);
  });

  it("has nothing to fall back on the first time, and asks again the next", async () => {
    bed.standIn.outage = faults.server;
    await assert.rejects(catalogue.list(bed.chatgpt), /failed to answer/);
    bed.standIn.outage = undefined;
    assert.equal((await catalogue.list(bed.chatgpt)).length, 3);
  });

  it("is each account's and each key's own", async () => {
    await catalogue.list(bed.chatgpt);
    bed.credentials.chatgpt = { bearer: "b", accountId: "account-2" };
    bed.standIn.setCatalogue([]);
    assert.equal((await catalogue.list(bed.chatgpt)).length, 0);
    assert.equal(asked()[1]?.headers["if-none-match"], undefined);
    assert.equal((await catalogue.list(bed.platform)).length, 5);
  });

  it("renews a refused credential once", async () => {
    bed.standIn.options = { ...bed.standIn.options, accepts: (bearer) => bearer.endsWith("-renewed") };
    assert.equal((await catalogue.list(bed.chatgpt)).length, 3);
    assert.equal(bed.credentials.rejections.length, 1);
  });

  it("stands when a proxy's page, not the service, says 401, and no credential is renewed for it", async () => {
    for (const backend of [bed.chatgpt, bed.platform]) {
      bed.standIn.outage = undefined;
      const list = await catalogue.list(backend);
      now += 300_000;
      bed.standIn.outage = { status: 401, html: "<!doctype html><title>Proxy authentication</title>" };
      assert.equal(await catalogue.list(backend), list);
    }
    assert.equal(bed.credentials.rejections.length, 0);
  });

  it("stands when something in between says 401, also to a renewed credential, or when there is no other key", async () => {
    for (const backend of [bed.chatgpt, bed.platform]) {
      bed.standIn.outage = undefined;
      const list = await catalogue.list(backend);
      now += 300_000;
      bed.standIn.outage = { status: 401, json: { message: "Unauthorized" } };
      assert.equal(await catalogue.list(backend), list);
      bed.credentials.onRejected = () => Promise.reject(new Problem("keyRejected"));
      assert.equal(await catalogue.list(backend), list);
    }
  });

  it("does not stand when the sign-in is over", async () => {
    await catalogue.list(bed.chatgpt);
    now += 300_000;
    bed.standIn.options = { ...bed.standIn.options, accepts: () => false };
    bed.credentials.onRejected = () => Promise.reject(new Problem("needsSignIn"));
    await assert.rejects(catalogue.list(bed.chatgpt), Problem);
  });

  it("renews a credential that is refused under any status", async () => {
    for (const status of [200, 400, 403]) {
      await catalogue.list(bed.chatgpt);
      now += 300_000;
      bed.credentials.onRejected = async (credential) => {
        bed.standIn.outage = undefined;
        return credential;
      };
      bed.standIn.outage = { status, json: { error: { code: "token_expired", message: "m" } } };
      assert.equal((await catalogue.list(bed.chatgpt)).length, 3, `${status}`);
    }
    assert.equal(bed.credentials.rejections.length, 3);
  });

  it("names the protocol's version, so that newer models are listed", async () => {
    let url = "";
    const watched: typeof fetch = (input, init) => {
      url = String(input);
      return fetch(input, init);
    };
    await new ModelCatalogue({ fetch: watched, credentials: bed.credentials, clock: bed.clock, log: () => {} }).list(
      bed.chatgpt,
    );
    assert.match(url, /\/codex\/models\?client_version=\d+\.\d+\.\d+$/);
  });
});
