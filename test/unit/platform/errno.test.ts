import assert from "node:assert/strict";
import { errnoOf } from "../../../src/platform/errno.ts";

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
