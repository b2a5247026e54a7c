import assert from "node:assert/strict";
import fc from "fast-check";
import { RefreshRejected, TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";

/** Keys of every object, and a few more that are no codes of the issuer. */
const strangeNames = [...Object.getOwnPropertyNames(Object.prototype), "prototype", "length", "REFRESH-TOKEN-EXPIRED"];
const openAiError = (code: unknown, message: unknown = "No.") => ({
  error: { message, type: "invalid_request_error", param: null, code },
});

/** The result of a refresh with this answer: tokens, the reason for a rejection, or the code of a problem. */
async function refreshed(status: number, json: unknown) {
  const endpoint = new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://issuer.test");
  try {
    return (await endpoint.refresh("rt.1")).tokens;
  } catch (error) {
    if (error instanceof RefreshRejected) return { rejected: error.reason };
    if (isProblem(error)) return error.code;
    throw error;
  }
}

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
    // These codes mean that the token is dead, also in an error without a type.
    for (const code of ["invalid_refresh_token", "token_expired", "token_invalidated", "token_revoked"]) {
      for (const body of [{ error: { code, message: "m" } }, { error: code }, { code }]) {
        assert.deepEqual(await refreshed(401, body), { rejected: "rejected" }, code);
        for (const status of [403, 429, 503]) assert.equal(typeof (await refreshed(status, body)), "string", code);
      }
    }
    assert.equal(await refreshed(503, { error: "invalid_grant" }), "serviceFailed");
  });

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

describe("A code that is not redeemed", () => {
  const answers: readonly [Partial<HttpResponse>, ProblemCode][] = [
    [{ status: 400, json: { error: "invalid_grant" } }, "exchangeRefused"],
    [{ status: 400 }, "unreadableAnswer"],
    [{ status: 401 }, "unreadableAnswer"],
    [{ status: 401, json: { message: "Unauthorized" } }, "unreadableAnswer"],
    [{ status: 401, json: { error: { code: "Unauthorized", message: "Access denied" } } }, "unreadableAnswer"],
    [{ status: 401, json: openAiError("__proto__") }, "exchangeRefused"],
    [{ status: 401, json: { error: "invalid_client" } }, "exchangeRefused"],
    [{ status: 302, json: {} }, "unreadableAnswer"],
    [{ status: 403, json: openAiError("unsupported_country_region_territory") }, "regionBlocked"],
    [{ status: 403 }, "edgeBlocked"],
    [{ status: 407, json: {} }, "proxyFailed"],
    [{ status: 429, json: openAiError("__proto__") }, "rateLimited"],
    [{ status: 400, json: { error: "temporarily_unavailable" } }, "serviceFailed"],
    [{ status: 401, json: openAiError("server_error") }, "serviceFailed"],
    [{ status: 200, json: { error: "server_error" } }, "serviceFailed"],
    [{ status: 400, json: openAiError("rate_limit_exceeded") }, "rateLimited"],
    [{ status: 400, json: openAiError("unsupported_country_region_territory") }, "regionBlocked"],
    [{ status: 500, json: { error: "invalid_grant" } }, "serviceFailed"],
    [{ status: 503, json: openAiError("rate_limit_exceeded") }, "serviceFailed"],
    [{ status: 503, json: openAiError("unsupported_country_region_territory") }, "serviceFailed"],
    [{ status: 302, json: openAiError("rate_limit_exceeded") }, "unreadableAnswer"],
    [{ status: 302, json: openAiError("server_error") }, "unreadableAnswer"],
    [{ status: 511, json: {} }, "networkSignIn"],
  ];
  for (const [answer, code] of answers) {
    it(`is ${code} after ${JSON.stringify(answer)}`, async () => {
      const endpoint = new TokenEndpoint(new ScriptedHttp([answer]), "https://i");
      await assert.rejects(endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }), (error) =>
        isProblem(error, code),
      );
    });
  }

  it("names the request id, if it is valid", async () => {
    for (const [id, named] of [
      ["req_1-a", true],
      ["a b", false],
      ["x".repeat(65), false],
      ["", false],
    ] as const) {
      const answer = { status: 400, json: { error: "invalid_grant" }, headers: { "x-request-id": id } };
      const endpoint = new TokenEndpoint(new ScriptedHttp([answer]), "https://i");
      await assert.rejects(
        endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }),
        (error) => isProblem(error) && error.detail === `400 invalid_grant${named ? ` request ${id}` : ""}`,
      );
    }
  });
});

describe("A refused API key", () => {
  const asked = (json: unknown, status = 401) =>
    new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://i").exchangeForApiKey("id", "name");

  it("is a refusal of the issuer, not of a gateway or proxy", async () => {
    for (const code of ["invalid_subject_token", "no_valid_organizations"]) {
      for (const json of [openAiError(code), { error: { code, message: "m" } }, { error: code }]) {
        await assert.rejects(asked(json), (error) => isProblem(error, "exchangeRefused"), code);
      }
    }
    await assert.rejects(asked(openAiError("something_new")), (error) => isProblem(error, "exchangeRefused"));
    const foreign = [{}, [], { message: "Unauthorized" }, { error: "Unauthorized" }, { status: "login required" }];
    for (const json of foreign) {
      for (const status of [200, 401, 403]) {
        const told = `${status} ${JSON.stringify(json)}`;
        await assert.rejects(asked(json, status), (error) => isProblem(error, "unreadableAnswer"), told);
      }
    }
    await assert.rejects(asked({ error: "access_denied" }, 403), (error) => isProblem(error, "exchangeRefused"));
  });
});

describe("An answer of the token endpoint with status 200", () => {
  const refusals: readonly [unknown, ProblemCode][] = [
    [openAiError("server_error"), "serviceFailed"],
    [openAiError("refresh_token_reused"), "serviceFailed"],
    [{ error: "invalid_grant" }, "serviceFailed"],
    [openAiError("__proto__"), "serviceFailed"],
    [openAiError("unsupported_country_region_territory"), "regionBlocked"],
    [openAiError("rate_limit_exceeded"), "rateLimited"],
    [{ status: "login required" }, "unreadableAnswer"],
    [{ id_token: null, access_token: null, refresh_token: null }, "unreadableAnswer"],
    [{}, "unreadableAnswer"],
    [[], "unreadableAnswer"],
    [undefined, "unreadableAnswer"],
    [{ access_token: 42 }, "unreadableAnswer"],
    [JSON.parse('{"__proto__":{"access_token":"t"}}'), "unreadableAnswer"],
  ];
  for (const [json, code] of refusals) {
    it(`is no refresh when it is ${JSON.stringify(json)}`, async () => assert.equal(await refreshed(200, json), code));
  }

  it("is a refresh with any token, and keeps that whatever else it has", async () => {
    const json = { refresh_token: "rt.2", error: "odd" };
    assert.deepEqual(await refreshed(200, json), { refreshToken: "rt.2" });
    assert.deepEqual(await refreshed(200, { access_token: "a", id_token: null }), { accessToken: "a" });
    for (const odd of [42, "", {}, ["a"], true, "a\nb", "ü", " ", "x".repeat(70_000)]) {
      const answer = { access_token: odd, id_token: odd, refresh_token: "rt.2" };
      assert.deepEqual(await refreshed(200, answer), { refreshToken: "rt.2" }, JSON.stringify(odd).slice(0, 20));
    }
    assert.deepEqual(await refreshed(200, { access_token: "a", refresh_token: 7 }), { accessToken: "a" });
  });

  it("is the only one that has a result, whatever the body of another", async () => {
    const json = { id_token: "i", access_token: "a", refresh_token: "r" };
    for (const status of [201, 204, 302, 400, 401, 500]) {
      const endpoint = new TokenEndpoint(new ScriptedHttp([{ status, json }]), "https://i");
      await assert.rejects(endpoint.exchangeForApiKey("id", "name"), (error) => isProblem(error), `${status}`);
      await assert.rejects(endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }), (error) =>
        isProblem(error),
      );
      await assert.rejects(endpoint.refresh("rt.1"), (error) => isProblem(error));
    }
  });

  it("redeems no code and has no API key when it is an error", async () => {
    const endpoint = new TokenEndpoint(new ScriptedHttp([{ json: openAiError("invalid_subject_token") }]), "https://i");
    const refused = (error: unknown) =>
      isProblem(error, "exchangeRefused") && /invalid_subject/.test(error.detail ?? "");
    await assert.rejects(endpoint.exchangeForApiKey("id", "name"), refused);
    await assert.rejects(endpoint.redeemCode({ code: "c", codeVerifier: "v", redirectUri: "r" }), refused);
  });
});
