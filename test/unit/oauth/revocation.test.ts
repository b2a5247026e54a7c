import assert from "node:assert/strict";
import { RevocationRefused, revoke } from "../../../src/oauth/revocation.ts";
import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";

const answeredWith = (answer: Partial<HttpResponse>) =>
  revoke(new ScriptedHttp([answer]), "https://issuer.test", "rt.1");
const revokedBy = (json: unknown) => answeredWith({ status: 200, json });
/** The issuer's error. */
const issuerError = (code: string | null, type = "invalid_request_error") => ({
  error: { message: "Refused.", type, param: null, code },
});

describe("An answer to a revocation with status 200", () => {
  it("is a success, whatever its body", async () => {
    const bodies = [undefined, null, {}, [], "", { error: null }, { revoked: true }, { error: 42 }, { error: [] }];
    for (const json of [...bodies, { error: "" }, { error: {} }, { status: "ok" }, { success: true }]) {
      await revokedBy(json);
    }
  });

  it("is a failure when its body is an error, with or without a code", async () => {
    const errors = [
      { error: { message: "The server had an error", type: "", code: "" } },
      { error: { code: "", type: "server_error" } },
      { error: { code: 500, message: "Something went wrong" } },
      { error: { message: "Something went wrong" } },
      { error: "Something went wrong" },
      { error: "temporarily_unavailable" },
      { code: "rate_limit_exceeded" },
    ];
    for (const json of errors) {
      await assert.rejects(revokedBy(json), (error) => isProblem(error), JSON.stringify(json));
    }
  });

  it("is a failure when a captive portal wrote it", async () => {
    const portals = [
      { captive: true, "user-portal-url": "https://portal.hotel.example/" },
      { redirect: "/login" },
      { status: "login_required", loginUrl: "http://10.0.0.1/" },
      { portal: { name: "Hotel" } },
      { message: "Please sign in", url: "https://wifi.example/start" },
    ];
    for (const json of portals) {
      await assert.rejects(revokedBy(json), (error) => isProblem(error), JSON.stringify(json));
    }
    const captive = { status: 200, json: {}, headers: { "content-type": "application/captive+json" } };
    await assert.rejects(answeredWith(captive), (error) => isProblem(error));
  });

  it("is a failure when it is a page", async () => {
    const pages: Partial<HttpResponse>[] = [
      { status: 200, looksLikePage: true },
      { status: 200, headers: { "content-type": "text/html" } },
      { status: 302, headers: { location: "https://portal.hotel.example/" } },
      { status: 307, headers: { location: "https://portal.hotel.example/" } },
      { status: 204 },
    ];
    for (const page of pages) await assert.rejects(answeredWith(page), (error) => isProblem(error));
  });
});

describe("A revocation", () => {
  it("says what is to be revoked, by whom, and waits 10 s", async () => {
    const http = new ScriptedHttp([{ status: 200 }]);
    await revoke(http, "https://issuer.test", "rt.1");
    assert.deepEqual(http.requests, [
      {
        method: "POST",
        url: "https://issuer.test/oauth/revoke",
        json: { token: "rt.1", token_type_hint: "refresh_token", client_id: "app_EMoamEEZ73f0CkXaXp7hrann" },
        timeoutMs: 10_000,
      },
    ]);
  });

  const refusals: readonly [status: number, json: unknown, isOver: boolean][] = [
    [400, issuerError("invalid_token"), true],
    [400, issuerError("invalid_grant"), true],
    [400, issuerError("refresh_token_expired"), true],
    [400, issuerError("refresh_token_reused"), true],
    [401, issuerError("refresh_token_invalidated"), true],
    [401, issuerError("token_revoked"), true],
    [400, { error: "invalid_grant" }, true],
    [400, { error: "invalid_token", error_description: "The token is malformed" }, true],
    [403, issuerError("refresh_token_expired"), true],
    [401, issuerError(null), false],
    [401, issuerError("else"), false],
    [400, issuerError(null), false],
    [400, issuerError("invalid_request"), false],
    [400, { error: "invalid_request" }, false],
    [400, { error: "unsupported_token_type" }, false],
  ];
  for (const [status, json, isOver] of refusals) {
    it(`is refused for good by ${status} ${JSON.stringify(json)}`, async () => {
      await assert.rejects(answeredWith({ status, json }), (error) => {
        assert.ok(error instanceof RevocationRefused, String(error));
        return error.isOver === isOver;
      });
    });
  }

  const failures: readonly [status: number, json: unknown][] = [
    [400, undefined],
    [400, { message: "Bad Request" }],
    [400, { error: "Bad Request" }],
    [400, { error: "blocked_by_policy" }],
    [400, issuerError("server_error")],
    [400, issuerError("rate_limit_exceeded")],
    [401, { message: "Unauthorized" }],
    [401, { error: "unauthorized" }],
    [401, { error: "invalid_token" }],
    [403, issuerError("unsupported_country_region_territory")],
    [403, issuerError(null)],
    [403, { error: "invalid_token" }],
    [404, issuerError(null)],
    [407, undefined],
    [429, issuerError(null)],
    [500, issuerError("invalid_token")],
    [503, { error: "invalid_grant" }],
    [511, undefined],
  ];
  for (const [status, json] of failures) {
    it(`has failed, and may succeed later, after ${status} ${JSON.stringify(json)}`, async () => {
      await assert.rejects(answeredWith({ status, json }), (error) => isProblem(error));
    });
  }
});
