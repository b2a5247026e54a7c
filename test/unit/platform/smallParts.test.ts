import assert from "node:assert/strict";
import { backoff } from "../../../src/platform/backoff.ts";
import { errnoOf } from "../../../src/platform/errno.ts";
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

describe("errnoOf", () => {
  it("returns the code of a system error", () => {
    assert.equal(errnoOf(Object.assign(new Error("failed"), { code: "ENOENT" })), "ENOENT");
  });

  for (const value of [
    new Error("without a code"),
    Object.assign(new Error("failed"), { code: 7 }),
    { code: "ENOENT" },
    "ENOENT",
    undefined,
    null,
  ]) {
    it(`returns undefined for ${String(value)}`, () => assert.equal(errnoOf(value), undefined));
  }
});

describe("backoff", () => {
  it("takes the steps in order and repeats the last one", () => {
    const waits = [1, 2, 3, 4, 100].map((failures) => backoff([10, 60, 300], failures));
    assert.deepEqual(waits, [10, 60, 300, 300, 300]);
  });

  it("does not wait where there are no steps or no failures", () => {
    assert.equal(backoff([], 3), 0);
    assert.equal(backoff([10], 0), 0);
  });
});
