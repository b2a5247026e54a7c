import assert from "node:assert/strict";
import { readCallback } from "../../../src/oauth/callbackAnswer.ts";

describe("The answer in a redirect", () => {
  it("takes a parameter without a value as left out, and an error before a code", () => {
    const expected = { state: "s", issuer: "https://auth.example" };
    const read = (query: string) => {
      const result = readCallback(new URLSearchParams(`state=s&${query}`), expected);
      return "answer" in result ? result.answer : result;
    };
    for (const query of ["code=a&error=", "code=a&error", "error=&error_description=x&code=a", "code=a&__proto__=b"]) {
      assert.deepEqual(read(query), { code: "a" }, query);
    }
    for (const query of ["", "code=", "code=&error=", "code[]=a", "Code=a", "error"]) {
      assert.deepEqual(read(query), { missing: "code" }, query);
    }
    assert.deepEqual(read("code=a&error=server_error"), { error: "server_error", entitlement: false });
  });
});
