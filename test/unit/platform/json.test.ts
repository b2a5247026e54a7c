import assert from "node:assert/strict";
import { parseJson } from "../../../src/platform/json.ts";

describe("parseJson", () => {
  it("parses JSON of every kind", () => {
    assert.deepEqual(parseJson('{"a":[1,null]}'), { a: [1, null] });
    assert.equal(parseJson('"text"'), "text");
    assert.equal(parseJson("0"), 0);
  });

  for (const value of ["", "{", "<html>", "undefined", undefined, null, 7, {}]) {
    it(`returns undefined for ${JSON.stringify(value)}`, () => assert.equal(parseJson(value), undefined));
  }

  it("keeps __proto__ as an ordinary key", () => {
    const parsed = parseJson('{"__proto__":{"admin":true}}') as { admin?: boolean };
    assert.equal(parsed.admin, undefined);
    assert.ok(Object.hasOwn(parsed, "__proto__"));
  });
});
