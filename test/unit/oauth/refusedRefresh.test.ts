import assert from "node:assert/strict";
import fc from "fast-check";
import { RefreshRejected, TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";
import { openAiError, refreshed, strangeNames } from "./tokenAnswers.ts";

describe("A refused refresh", () => {
  const codes = [
    ["refresh_token_expired", "expired"],
    ["refresh_token_reused", "reused"],
    ["refresh_token_invalidated", "revoked"],
  ] as const;
  for (const [code, reason] of codes) {
    it(`is permanent with ${code} and 400, 401 or 403, wherever the code is`, async () => {
      const bodies = [openAiError(code), openAiError(code.toUpperCase()), { error: code }, { code }];
      for (const status of [400, 401, 403]) {
        for (const body of bodies) assert.deepEqual(await refreshed(status, body), { rejected: reason });
      }
    });

    it(`is temporary with ${code} and any other status`, async () => {
      const statuses = [402, 404, 408, 409, 418, 425, 429, 451, 500, 502, 503, 504, 511, 529];
      for (const status of statuses) {
        for (const body of [openAiError(code), { error: code }]) {
          assert.equal(typeof (await refreshed(status, body)), "string", `${status}`);
        }
      }
    });
  }

  it("is permanent with invalid_grant and 400 or 401, and with any other 401 of the issuer", async () => {
    for (const status of [400, 401]) {
      const body = { error: "invalid_grant", error_description: "grant request is invalid" };
      assert.deepEqual(await refreshed(status, body), { rejected: "rejected" });
    }
    for (const code of ["something_new", null]) {
      assert.deepEqual(await refreshed(401, openAiError(code)), { rejected: "rejected" });
    }
    assert.equal(await refreshed(503, { error: "invalid_grant" }), "serviceFailed");
  });

  for (const code of ["invalid_refresh_token", "token_expired", "token_invalidated", "token_revoked"]) {
    const error = { error: { code, message: "m" } };
    // Gateways write the others of their own tokens, though not in this way.
    const isOfRefreshes = code === "invalid_refresh_token";
    it(`is permanent with 401 and ${code} in an error with a message, ${isOfRefreshes ? "or anywhere else" : "and nowhere else"}`, async () => {
      assert.deepEqual(await refreshed(401, error), { rejected: "rejected" });
      const expected = isOfRefreshes ? { rejected: "rejected" } : "unreadableAnswer";
      for (const body of [{ error: code }, { code }, { code, message: "m" }, { error: code, message: "m" }]) {
        assert.deepEqual(await refreshed(401, body), expected, JSON.stringify(body));
      }
      for (const status of [403, 429, 503]) assert.equal(typeof (await refreshed(status, error)), "string");
    });
  }

  it("is temporary with a 401 of a gateway or proxy", async () => {
    const bodies = [
      undefined,
      null,
      [],
      "Unauthorized",
      {},
      { message: "Unauthorized" },
      { error: "Unauthorized" },
      { error: { code: 401, message: "Request had invalid authentication credentials", status: "UNAUTHENTICATED" } },
      { error: { code: "Unauthorized", message: "Access denied" } },
      { detail: "Not authenticated" },
      { error: "unauthorized" },
      { error: "unauthorized", error_description: "Full authentication is required to access this resource" },
      { error: "invalid_token", error_description: "The access token expired" },
      { message: "No API key found in request" },
      { message: "The incoming token has expired" },
      { Message: "User is not authorized to access this resource" },
      { code: 401, message: "Jwt is expired" },
      { code: "UNAUTHENTICATED", message: "Jwt verification fails" },
      { success: false, errors: [{ code: 10000, message: "Authentication error" }], messages: [], result: null },
      { error: { message: "Unauthorized" } },
      { error: { type: "unauthorized" } },
      { type: "error", error: "login" },
      { timestamp: 1, status: 401, error: "Unauthorized", path: "/oauth/token" },
      { errorCode: "E0000011", errorSummary: "Invalid token provided" },
      { fault: { faultstring: "Invalid access token", detail: { errorcode: "oauth.v2.InvalidAccessToken" } } },
      { status: "login required" },
    ];
    for (const json of bodies) assert.equal(await refreshed(401, json), "unreadableAnswer", JSON.stringify(json));
  });

  it("is temporary with a 401 that has a temporary code", async () => {
    const codes = [
      ["server_error", "serviceFailed"],
      ["server_is_overloaded", "serviceFailed"],
      ["slow_down", "serviceFailed"],
      ["temporarily_unavailable", "serviceFailed"],
      ["rate_limit_exceeded", "rateLimited"],
      ["Rate_Limit_Exceeded", "rateLimited"],
      ["unsupported_country_region_territory", "regionBlocked"],
    ] as const;
    for (const [code, problem] of codes) {
      for (const status of [400, 401]) assert.equal(await refreshed(status, openAiError(code)), problem, code);
    }
  });

  it("keeps free text in place of a code out of the log", async () => {
    for (const text of ["jane@example.com is locked", "a\nb", "x".repeat(65), "<b>", "rt.1/secret"]) {
      for (const [status, json] of [
        [400, openAiError(text)],
        [401, { error: text }],
        [503, { code: text }],
      ] as const) {
        const endpoint = new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://issuer.test");
        await assert.rejects(endpoint.refresh("rt.1"), (error) => {
          const detail = error instanceof RefreshRejected || isProblem(error) ? (error.detail ?? "") : "";
          return detail.startsWith(`${status}`) && !detail.toLowerCase().includes(text.toLowerCase());
        });
      }
    }
  });

  it("takes no key of every object for a code", async () => {
    for (const name of strangeNames) {
      assert.equal(await refreshed(503, openAiError(name)), "serviceFailed", name);
      assert.equal(await refreshed(400, openAiError(name)), "serviceFailed", name);
      assert.deepEqual(await refreshed(401, openAiError(name)), { rejected: "rejected" }, name);
      assert.equal(await refreshed(503, JSON.parse(`{"${name}":{"code":"refresh_token_reused"}}`)), "serviceFailed");
    }
  });

  it("is permanent with a reason that can be stored, or temporary, whatever the status and the body", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(400, 401, 403, 429, 503), fc.integer({ min: 201, max: 599 })),
        fc.oneof(
          fc.jsonValue(),
          fc
            .tuple(
              fc.oneof(fc.constantFrom(...strangeNames, ...codes.map(([code]) => code), "invalid_grant"), fc.string()),
              fc.boolean(),
            )
            .map(([code, nested]) => (nested ? openAiError(code) : { error: code })),
        ),
        async (status, json) => {
          const result = await refreshed(status, json);
          if (typeof result === "string") return;
          assert.ok(
            "rejected" in result && ["expired", "reused", "revoked", "rejected"].includes(result.rejected ?? ""),
          );
          assert.ok([400, 401, 403].includes(status), `${status}`);
        },
      ),
      { numRuns: 500 },
    ));
});
