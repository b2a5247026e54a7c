import assert from "node:assert/strict";
import { revoke } from "../../../src/oauth/revocation.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { ScriptedHttp } from "../signin/scriptedHttp.ts";

const revokedBy = (json: unknown) => revoke(new ScriptedHttp([{ status: 200, json }]), "https://issuer.test", "rt.1");

describe("An answer to a revocation with status 200", () => {
  it("is a success, whatever its body", async () => {
    const bodies = [undefined, null, {}, [], "", { error: null }, { revoked: true }, { error: 42 }, { error: [] }];
    for (const json of [...bodies, { error: "" }, { error: {} }]) await revokedBy(json);
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
});
