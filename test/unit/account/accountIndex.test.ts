import assert from "node:assert/strict";
import {
  droppedBy,
  hasEnded,
  mergeIndexes,
  noAccounts,
  withAccount,
  withoutAccount,
} from "../../../src/account/accountIndex.ts";

describe("Two readings of the index", () => {
  const one = withAccount(noAccounts, "one");

  it("are merged; only the end of a sign-in that was written takes an account away", () => {
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

  it("keep an account that was signed in again after an end that both know of", () => {
    const out = { ...withoutAccount(one, { id: "one", signedInAt: 5 }), generation: 3 };
    const again = { ...withAccount(out, "one"), generation: 4 };
    for (const generation of [3, 4, 5]) {
      const other = { ...withAccount(out, "two"), generation };
      assert.deepEqual(mergeIndexes(again, other).ids.toSorted(), ["one", "two"]);
      assert.deepEqual(mergeIndexes(other, again).ids.toSorted(), ["one", "two"]);
    }
    const outAgain = { ...withoutAccount(again, { id: "one", signedInAt: 6 }), generation: 5 };
    assert.deepEqual(mergeIndexes(again, outAgain).ids, []);
  });

  it("find an account that the later one has dropped, and only that", () => {
    const known = { ...withAccount(one, "two"), generation: 2 };
    const dropped = (generation: number | undefined) =>
      droppedBy({ ...one, ...(generation !== undefined && { generation }) }, known);
    assert.deepEqual([undefined, 1, 2, 3].map(dropped), [[], [], ["two"], ["two"]]);
    const out = { ...withoutAccount(known, { id: "two", signedInAt: 5 }), generation: 3 };
    assert.deepEqual(droppedBy(out, known), []);
  });

  it("remember the last fifty ends", () => {
    let index = one;
    for (let sequence = 0; sequence < 80; sequence += 1) {
      index = withoutAccount(index, { id: `id ${sequence}`, signedInAt: sequence });
    }
    assert.equal(index.removed?.length, 50);
    assert.equal(index.removed?.at(-1)?.id, "id 79");
  });

  it("end the named sign-in and those before it, and none that came later", () => {
    const index = withoutAccount(withAccount(noAccounts, "a"), { id: "a", signedInAt: 5 });
    const ended = [4, 5, 6].map((signedInAt) => hasEnded(index, { id: "a", signedInAt }));
    assert.deepEqual(ended, [true, true, false]);
    assert.equal(hasEnded(index, { id: "b", signedInAt: 4 }), false);
  });
});
