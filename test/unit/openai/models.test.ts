import assert from "node:assert/strict";
import { parseCatalogue } from "../../../src/openai/chatgptModels.ts";
import type { ModelCatalogue } from "../../../src/openai/modelCatalogue.ts";
import { createOpenAi } from "../../../src/openai/module.ts";
import { parsePlatformList } from "../../../src/openai/platformModels.ts";
import { isProblem, Problem } from "../../../src/shared/problem.ts";
import { faults } from "../../fakeApi/answers.ts";
import { usualModels } from "../../fakeApi/catalogue.ts";
import { type Fixture, startFixture } from "./fixture.ts";

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

  it("has names in one harmless line, sizes that can be, and ids that can be sent", () => {
    const entry = { visibility: "list", slug: "a" };
    const parsed = (more: object) => parseCatalogue({ models: [{ ...entry, ...more }] })?.[0];
    assert.equal(parsed({ display_name: "GPT [x](command:y)\n$(bug)\u202e" })?.name, "GPT [x] (command:y) $ (bug)");
    assert.equal(parsed({ display_name: "\u200b" })?.name, "a");
    assert.equal(parsed({ description: "$(bug)\u2066a\nb" })?.description, "$ (bug)a b");
    assert.equal(parsed({ description: "d".repeat(10_000) })?.description?.length, 301);
    for (const slug of ["a b", "a\nb", "a\u202e", "é", "$(bug) a", "a".repeat(201)]) {
      assert.equal(parsed({ slug }), undefined, slug);
      assert.deepEqual(parsePlatformList({ data: [{ id: `gpt-5-${slug}` }] }), [], slug);
    }
    for (const size of [-1, 0, 1e300, 1e9, Number.MAX_SAFE_INTEGER]) {
      assert.equal(parsed({ context_window: size })?.maxInputTokens, 258_400, String(size));
      assert.equal(parsed({ effective_context_window_percent: size })?.maxInputTokens, 258_400, String(size));
    }
    const many = Array.from({ length: 20_000 }, (_, index) => ({ ...entry, slug: `m${index}`, id: `gpt-5-${index}` }));
    assert.equal(parseCatalogue({ models: many })?.length, 500);
    assert.equal(parsePlatformList({ data: many })?.length, 500);
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
  let fixture: Fixture;
  let now: number;
  let setBack: number;
  let catalogue: ModelCatalogue;
  const asked = () => fixture.fakeApi.records.filter(({ path }) => path.endsWith("/models"));
  beforeEach(async () => {
    fixture = await startFixture();
    now = 1_000_000;
    setBack = 0;
    const clock = { now: () => now - setBack, elapsed: () => now, after: fixture.clock.after };
    ({ catalogue } = await createOpenAi({ ...fixture.dependencies, clock }).requests());
  });
  afterEach(() => fixture.stop());

  it("is asked for once in 5 minutes, and then with the ETag", async () => {
    const lists = await Promise.all([catalogue.list(fixture.chatgpt), catalogue.list(fixture.chatgpt)]);
    assert.equal(lists[0].length, 3);
    now += 299_999;
    await catalogue.list(fixture.chatgpt);
    assert.equal(asked().length, 1);
    now += 1;
    assert.equal(await catalogue.list(fixture.chatgpt), lists[0]);
    assert.equal(asked()[1]?.headers["if-none-match"], 'W/"1"');
    assert.equal(asked()[1]?.status, 304);
    now += 299_999;
    await catalogue.list(fixture.chatgpt);
    assert.equal(asked().length, 2);
    fixture.fakeApi.setCatalogue(usualModels.catalogue.slice(0, 2));
    now += 1;
    assert.equal((await catalogue.list(fixture.chatgpt)).length, 2);
    assert.equal(asked().length, 3);
  });

  it("is asked for again after 5 minutes when the clock was set back", async () => {
    await catalogue.list(fixture.chatgpt);
    setBack = 24 * 3_600_000;
    now += 299_999;
    await catalogue.list(fixture.chatgpt);
    assert.equal(asked().length, 1);
    now += 1;
    await catalogue.list(fixture.chatgpt);
    assert.equal(asked().length, 2);
  });

  it("is no list when it is an error, whatever its status", async () => {
    fixture.fakeApi.outage = { ...faults.region, status: 200 };
    await assert.rejects(catalogue.list(fixture.chatgpt), (error) => isProblem(error, "regionBlocked"));
    fixture.fakeApi.outage = undefined;
    const list = await catalogue.list(fixture.chatgpt);
    now += 300_000;
    fixture.fakeApi.outage = { ...faults.overloaded, status: 200 };
    assert.equal(await catalogue.list(fixture.chatgpt), list);
  });

  it("stands while the service fails or is not there", async () => {
    const list = await catalogue.list(fixture.chatgpt);
    now += 300_000;
    fixture.fakeApi.outage = faults.server;
    assert.equal(await catalogue.list(fixture.chatgpt), list);
    fixture.fakeApi.outage = faults.portal;
    assert.equal(await catalogue.list(fixture.chatgpt), list);
    await fixture.stop();
    assert.equal(await catalogue.list(fixture.chatgpt), list);
  });

  it("is forgotten when its account has been signed out, also one that comes afterwards", async () => {
    const { credentials } = fixture;
    const openai = createOpenAi({ ...fixture.dependencies });
    const { catalogue: lists } = await openai.requests();
    const as = (account: string) => {
      credentials.chatgpt = { ...credentials.chatgpt, account };
    };
    const isKept = async () => {
      const before = asked().length;
      fixture.fakeApi.outage = faults.server;
      const listed = await lists.list(fixture.chatgpt).then(
        () => true,
        () => false,
      );
      fixture.fakeApi.outage = undefined;
      return listed && asked().length === before;
    };
    for (const account of ["one", "two"]) {
      as(account);
      await lists.list(fixture.chatgpt);
    }
    openai.keepOnly(["two"]);
    assert.equal(await isKept(), true);
    as("one");
    await lists.list(fixture.chatgpt);
    assert.equal(await isKept(), false, "what was asked for before the sign-out is not kept after it");
    openai.keepOnly(["one", "two"]);
    await lists.list(fixture.chatgpt);
    assert.equal(await isKept(), true, "signed in again");
  });

  it("has nothing to fall back on the first time, and asks again the next", async () => {
    fixture.fakeApi.outage = faults.server;
    await assert.rejects(catalogue.list(fixture.chatgpt), (error) => isProblem(error, "serviceFailed"));
    fixture.fakeApi.outage = undefined;
    assert.equal((await catalogue.list(fixture.chatgpt)).length, 3);
  });

  it("is each account's and each key's own", async () => {
    await catalogue.list(fixture.chatgpt);
    fixture.credentials.chatgpt = { bearer: "b", workspaceId: "account-2" };
    fixture.fakeApi.setCatalogue([]);
    assert.equal((await catalogue.list(fixture.chatgpt)).length, 0);
    assert.equal(asked()[1]?.headers["if-none-match"], undefined);
    assert.equal((await catalogue.list(fixture.platform)).length, 5);
  });

  it("replaces a refused credential once", async () => {
    fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: (bearer) => bearer.endsWith("-replaced") };
    assert.equal((await catalogue.list(fixture.chatgpt)).length, 3);
    assert.equal(fixture.credentials.rejections.length, 1);
  });

  it("stands when a proxy's page, not the service, says 401, and no credential is replaced for it", async () => {
    for (const backend of [fixture.chatgpt, fixture.platform]) {
      fixture.fakeApi.outage = undefined;
      const list = await catalogue.list(backend);
      now += 300_000;
      fixture.fakeApi.outage = { status: 401, html: "<!doctype html><title>Proxy authentication</title>" };
      assert.equal(await catalogue.list(backend), list);
    }
    assert.equal(fixture.credentials.rejections.length, 0);
  });

  it("stands when something in between says 401, also to a new credential, or when there is no other key", async () => {
    for (const backend of [fixture.chatgpt, fixture.platform]) {
      fixture.fakeApi.outage = undefined;
      const list = await catalogue.list(backend);
      now += 300_000;
      fixture.fakeApi.outage = { status: 401, json: { message: "Unauthorized" } };
      assert.equal(await catalogue.list(backend), list);
      fixture.credentials.onRejected = () => Promise.reject(new Problem("keyRejected"));
      assert.equal(await catalogue.list(backend), list);
    }
  });

  it("does not stand when the sign-in is over", async () => {
    await catalogue.list(fixture.chatgpt);
    now += 300_000;
    fixture.fakeApi.options = { ...fixture.fakeApi.options, accepts: () => false };
    fixture.credentials.onRejected = () => Promise.reject(new Problem("needsSignIn"));
    await assert.rejects(catalogue.list(fixture.chatgpt), (error) => isProblem(error, "needsSignIn"));
  });

  it("replaces a credential that is refused under any status", async () => {
    for (const status of [200, 400, 403]) {
      await catalogue.list(fixture.chatgpt);
      now += 300_000;
      fixture.credentials.onRejected = async (credential) => {
        fixture.fakeApi.outage = undefined;
        return credential;
      };
      fixture.fakeApi.outage = { status, json: { error: { code: "token_expired", message: "m" } } };
      assert.equal((await catalogue.list(fixture.chatgpt)).length, 3, `${status}`);
    }
    assert.equal(fixture.credentials.rejections.length, 3);
  });

  it("names the protocol's version, so that newer models are listed", async () => {
    let url = "";
    const { http } = fixture.dependencies;
    const watched: typeof http = {
      send(request) {
        url = request.url;
        return http.send(request);
      },
    };
    const requests = await createOpenAi({ ...fixture.dependencies, http: watched }).requests();
    await requests.catalogue.list(fixture.chatgpt);
    assert.match(url, /\/codex\/models\?client_version=\d+\.\d+\.\d+$/);
  });
});
