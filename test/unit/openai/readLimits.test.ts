import assert from "node:assert/strict";
import { failureOf, Refusal } from "../../../src/openai/failures.ts";
import { createOpenAi } from "../../../src/openai/module.ts";
import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";
import { testDependencies } from "./fixture.ts";

describe("What is read beside answers", () => {
  const open = (answer: Partial<HttpResponse>) => {
    const http = new ScriptedHttp([answer]);
    const openai = createOpenAi({ ...testDependencies("https://api.test"), http });
    const asked = () => http.requests.map(({ timeoutMs, maxBytes }) => ({ timeoutMs, maxBytes }));
    return { openai, asked };
  };

  it("is a list of models of 8 MiB at most, and within 5 s", async () => {
    for (const kind of ["chatgpt", "platform"] as const) {
      const { openai, asked } = open({ json: { models: [], data: [] } });
      const { catalogue } = await openai.requests();
      await catalogue.list(openai.backend(kind));
      assert.deepEqual(asked(), [{ timeoutMs: 5_000, maxBytes: 8 * 1024 * 1024 }]);
    }
  });

  it("is the plan's use, no longer than the HTTP client lets anything be, and within 10 s", async () => {
    const { openai, asked } = open({ json: { rate_limit: { limit_reached: true } } });
    await openai.usage.read(openai.backend("chatgpt"));
    assert.deepEqual(asked(), [{ timeoutMs: 10_000, maxBytes: undefined }]);
  });
});

describe("A refusal of the credential", () => {
  const chatgpt = { kind: "chatgpt" } as const;
  const failure = (response: Partial<HttpResponse>, now = 0) =>
    failureOf({ status: 401, headers: {}, json: undefined, ...response }, chatgpt, now);
  const invalid = { error: { message: "Invalid.", type: "invalid_request_error", code: "token_expired" } };

  it("is one that the service has written, or may have", () => {
    const written = failure({ json: invalid });
    assert.ok(written instanceof Refusal && !written.isDoubtful);
    const perhaps = failure({});
    assert.ok(perhaps instanceof Refusal && perhaps.isDoubtful);
  });

  it("is no page, and nothing that a failing service says", () => {
    for (const page of [{ looksLikePage: true }, { headers: { "content-type": "text/html; charset=utf-8" } }]) {
      assert.ok(isProblem(failure(page), "unreadableAnswer"));
    }
    for (const status of [500, 502, 503, 504]) {
      assert.ok(isProblem(failure({ status, json: invalid }), "serviceFailed", "overloaded"), `${status}`);
    }
  });

  it("is no limit of the plan, which ends at a time to come or at one that is not known", () => {
    const now = 1_790_000_000_000;
    const endOf = (resets_at: unknown) => {
      const limit = failure({ status: 429, json: { error: { code: "usage_limit_reached", resets_at } } }, now);
      assert.ok(isProblem(limit, "usageLimitReached"));
      return (limit.params as { resetsAt: number | undefined }).resetsAt;
    };
    assert.equal(endOf(now / 1000 + 60), now + 60_000);
    for (const time of [now / 1000 - 60, now / 1000, 0, -1, 1e300, Number.NaN, "soon", null]) {
      assert.equal(endOf(time), undefined, String(time));
    }
  });
});
