import assert from "node:assert/strict";
import { mergeIndexes, noAccounts, withAccount, withoutAccount } from "../../../src/account/accountIndex.ts";

describe("Two readings of the index", () => {
  const one = withAccount(noAccounts, "one");

  it("are joined; only the word of an end takes an account away", () => {
    const two = { ...withAccount(one, "two"), generation: 2 };
    assert.deepEqual(mergeIndexes(two, undefined), two);
    assert.deepEqual(mergeIndexes(two, { ...one, generation: 1 }).ids, ["one", "two"]);
    assert.deepEqual(mergeIndexes({ ...one, generation: 1 }, { version: 1, ids: ["two"], generation: 1 }).ids, [
      "two",
      "one",
    ]);
    const out = { ...withoutAccount(two, { id: "two", signedInAt: 5 }), generation: 3 };
    assert.deepEqual(mergeIndexes(two, out).ids, ["one"]);
    assert.deepEqual(mergeIndexes(out, two).ids, ["one"]);
    const again = { ...withAccount(out, "two"), generation: 4 };
    assert.deepEqual(mergeIndexes(out, again).ids, ["one", "two"]);
    assert.deepEqual(mergeIndexes(again, out).ids, ["one", "two"]);
  });

  it("remember the last fifty ends", () => {
    let index = one;
    for (let sequence = 0; sequence < 80; sequence += 1) {
      index = withoutAccount(index, { id: `id ${sequence}`, signedInAt: sequence });
    }
    assert.equal(index.removed?.length, 50);
    assert.equal(index.removed?.at(-1)?.id, "id 79");
  });
});
