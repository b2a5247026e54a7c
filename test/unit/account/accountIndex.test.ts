import assert from "node:assert/strict";
import {
  endedWithLeft,
  hasEnded,
  isBehind,
  mergeIndexes,
  noAccounts,
  parseIndex,
  withAccount,
  withLeft,
  withoutAccount,
  withoutLeft,
} from "../../../src/account/accountIndex.ts";

describe("Two readings of the index", () => {
  const one = withAccount(noAccounts, "one", 1);

  it("are merged; only the end of a sign-in that was written takes an account away", () => {
    const two = { ...withAccount(one, "two", 5), generation: 2 };
    assert.deepEqual(mergeIndexes(two, undefined), two);
    assert.deepEqual(mergeIndexes(two, { ...one, generation: 1 }).ids, ["one", "two"]);
    const atOnce = mergeIndexes({ ...one, generation: 1 }, { version: 1, ids: ["two"], generation: 1 });
    assert.deepEqual(atOnce.ids.toSorted(), ["one", "two"]);
    const out = { ...withoutAccount(two, { id: "two", signedInAt: 5 }), generation: 3 };
    assert.deepEqual(mergeIndexes(two, out).ids, ["one"]);
    assert.deepEqual(mergeIndexes(out, two).ids, ["one"]);
    const again = { ...withAccount(out, "two", 6), generation: 4 };
    assert.deepEqual(mergeIndexes(out, again).ids, ["one", "two"]);
    assert.deepEqual(mergeIndexes(again, out).ids, ["one", "two"]);
  });

  it("keep an account that was signed in again after an end that both know of", () => {
    const out = { ...withoutAccount(one, { id: "one", signedInAt: 5 }), generation: 3 };
    const again = { ...withAccount(out, "one", 6), generation: 4 };
    for (const generation of [3, 4, 5]) {
      const other = { ...withAccount(out, "two", 7), generation };
      assert.deepEqual(mergeIndexes(again, other).ids.toSorted(), ["one", "two"]);
      assert.deepEqual(mergeIndexes(other, again).ids.toSorted(), ["one", "two"]);
    }
    const outAgain = { ...withoutAccount(again, { id: "one", signedInAt: 6 }), generation: 5 };
    assert.deepEqual(mergeIndexes(again, outAgain).ids, []);
  });

  it("tell whether one lacks a sign-in, an end, or what is left of it", () => {
    const known = { ...withAccount(one, "two", 5), generation: 1 };
    assert.deepEqual([isBehind(one, known), isBehind(known, one), isBehind(known, known)], [true, false, false]);
    const out = { ...withoutAccount(known, { id: "two", signedInAt: 5 }, { left: true }), generation: 2 };
    assert.deepEqual([isBehind(known, out), isBehind(out, known)], [true, false]);
    const done = withoutLeft(out, "two", 5);
    assert.deepEqual([isBehind(out, done), isBehind(done, out)], [true, false]);
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
    const index = withoutAccount(withAccount(noAccounts, "a", 5), { id: "a", signedInAt: 5 });
    const ended = [4, 5, 6].map((signedInAt) => hasEnded(index, { id: "a", signedInAt }));
    assert.deepEqual(ended, [true, true, false]);
    assert.equal(hasEnded(index, { id: "b", signedInAt: 4 }), false);
  });
});

describe("What is left of a sign-in that has ended", () => {
  const out = withoutAccount(withAccount(noAccounts, "a", 5), { id: "a", signedInAt: 5 }, { left: true });

  it("is known until it is gone, in every window", () => {
    assert.deepEqual(endedWithLeft(out), [{ id: "a", signedInAt: 5, left: true }]);
    const done = withoutLeft(out, "a", 5);
    assert.deepEqual(endedWithLeft(done), []);
    assert.deepEqual(endedWithLeft(mergeIndexes(out, done)), []);
    const found = withLeft(done, "a");
    assert.equal(endedWithLeft(found).length, 1);
    assert.deepEqual(endedWithLeft(mergeIndexes(done, found)), endedWithLeft(found));
  });

  it("is not forgotten because of a later sign-in, nor because an earlier one left nothing", () => {
    assert.equal(endedWithLeft(withAccount(out, "a", 6)).length, 1);
    const again = withoutAccount(withAccount(out, "a", 6), { id: "a", signedInAt: 6 });
    assert.deepEqual(endedWithLeft(again), [{ id: "a", signedInAt: 6, left: true }]);
    assert.deepEqual(withoutLeft(again, "a", 5), again);
    assert.deepEqual(endedWithLeft(withoutLeft(again, "a", 6)), []);
  });

  it("is kept longer than the last fifty ends", () => {
    let index = out;
    for (let at = 10; at < 90; at += 1) index = withoutAccount(index, { id: `id ${at}`, signedInAt: at });
    assert.deepEqual(endedWithLeft(index).length, 1);
    assert.equal(index.removed?.length, 51);
  });
});

describe("An index of an earlier build", () => {
  it("names everybody, whose next sign-out ends the sign-in that the record tells of", () => {
    const text = JSON.stringify({ version: 1, ids: ["b", "a"], active: "a", removed: [{ id: "a", signedInAt: 7 }] });
    const { index, status } = parseIndex(text);
    assert.equal(status, "found");
    assert.ok(index);
    assert.deepEqual([index.ids, index.active], [["b", "a"], "a"]);
    assert.ok(!hasEnded(index, { id: "a", signedInAt: 8 }) && !hasEnded(index, { id: "b", signedInAt: 0 }));
    assert.deepEqual(withoutAccount(index, { id: "a", signedInAt: 8 }).ids, ["b"]);
    assert.deepEqual(withoutAccount(index, { id: "b", signedInAt: 1_000 }).ids, ["a"]);
  });
});
