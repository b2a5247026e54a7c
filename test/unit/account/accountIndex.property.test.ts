import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AccountIndex,
  endedAt,
  hasEnded,
  isBehind,
  latestSignIn,
  mergeIndexes,
  noAccounts,
  parseIndex,
  withAccount,
  withLeft,
  withoutAccount,
  withoutLeft,
} from "../../../src/account/accountIndex.ts";

const ids = ["a", "b", "c", "d"];
const id = fc.constantFrom(...ids);
const time = fc.integer({ min: 0, max: 6 });

type Step = (index: AccountIndex) => AccountIndex;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(id, time).map(
    ([of, at]): Step =>
      (index) =>
        withAccount(index, of, at),
  ),
  fc.tuple(id, time, fc.boolean()).map(
    ([of, signedInAt, left]): Step =>
      (index) =>
        withoutAccount(index, { id: of, signedInAt }, { left }),
  ),
  fc.tuple(id, time).map(
    ([of, at]): Step =>
      (index) =>
        withoutLeft(index, of, at),
  ),
  id.map(
    (of): Step =>
      (index) =>
        withLeft(index, of),
  ),
);
const counted = (index: AccountIndex) => ({ ...index, generation: (index.generation ?? 0) + 1 });
/** What a window makes of an index that it has read, and of one that another build has written. */
const written = fc
  .array(step, { maxLength: 12 })
  .map((steps) => steps.reduce<AccountIndex>((index, change) => counted(change(index)), noAccounts));
const ofEarlierBuild = written.map((index): AccountIndex => parsed(asEarlierBuild(index)));
const index = fc.oneof({ weight: 3, arbitrary: written }, { weight: 1, arbitrary: ofEarlierBuild });

function asEarlierBuild({ version, ids: listed, active, generation, removed }: AccountIndex) {
  return { version, ids: listed, active, generation, removed: removed?.map((one) => ({ ...one, left: undefined })) };
}

function parsed(value: unknown): AccountIndex {
  const { index: read } = parseIndex(JSON.stringify(value));
  assert.ok(read);
  return read;
}

/** All that an index says; the order of its accounts is what the person sees first, no more. */
const said = (one: AccountIndex) => ({ ...one, ids: one.ids.toSorted() });
const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) =>
  fc.assert(
    fc.property(arbitrary, (value) => void holds(value)),
    { seed: 12, numRuns: 2_000 },
  );

describe("Merging indexes", () => {
  it("does not depend on the order, nor on how often", () => {
    check(fc.tuple(index, index, index), ([one, two, three]) => {
      assert.deepEqual(mergeIndexes(one, two), mergeIndexes(two, one));
      assert.deepEqual(
        said(mergeIndexes(mergeIndexes(one, two), three)),
        said(mergeIndexes(one, mergeIndexes(two, three))),
      );
      assert.deepEqual(mergeIndexes(one, one), one);
      assert.deepEqual(said(mergeIndexes(mergeIndexes(one, two), two)), said(mergeIndexes(one, two)));
    });
  });

  it("loses no account that has not ended, and revives none that has", () => {
    check(fc.tuple(index, index), ([one, two]) => {
      const merged = mergeIndexes(one, two);
      for (const of of ids) {
        const end = Math.max(endedAt(one, of), endedAt(two, of));
        const isListed = Math.max(latestSignIn(one, of), latestSignIn(two, of)) > end;
        assert.equal(merged.ids.includes(of), isListed);
        assert.equal(endedAt(merged, of), end);
      }
    });
  });

  it("leaves nothing that either does not know of", () => {
    check(fc.tuple(index, index), ([one, two]) => {
      const merged = mergeIndexes(one, two);
      assert.ok(!isBehind(merged, one) && !isBehind(merged, two));
      assert.equal(isBehind(one, merged), isBehind(one, two));
    });
  });

  it("keeps the active account of the index with more changes", () => {
    check(fc.tuple(index, index), ([one, two]) => {
      const [fewer = one, more = two] = [one, two].toSorted((a, b) => (a.generation ?? 0) - (b.generation ?? 0));
      if ((fewer.generation ?? 0) < (more.generation ?? 0)) {
        assert.equal(mergeIndexes(one, two).active, more.active);
      }
    });
  });
});

describe("An index", () => {
  it("is the same when it was stored and read", () => {
    check(index, (one) => assert.deepEqual(parsed(one), one));
  });

  it("names for an earlier build whom it names here, and loses nobody when that build writes it", () => {
    check(fc.tuple(written, id), ([one, of]) => {
      const theirs = parsed({ ...asEarlierBuild(one), generation: (one.generation ?? 0) + 1 });
      assert.deepEqual(theirs.ids, one.ids);
      assert.deepEqual(said(mergeIndexes(one, theirs)).ids, said(one).ids);
      for (const listed of one.ids) {
        const signedInAt = latestSignIn(one, listed);
        assert.ok(!hasEnded(theirs, { id: listed, signedInAt }) && latestSignIn(theirs, listed) <= signedInAt);
      }
      // Signed out of by the earlier build.
      const signedInAt = latestSignIn(one, of);
      if (!one.ids.includes(of)) return;
      const removed = [...(theirs.removed ?? []).filter((ended) => ended.id !== of), { id: of, signedInAt }];
      const out = parsed({ ...asEarlierBuild(theirs), ids: theirs.ids.filter((other) => other !== of), removed });
      assert.ok(!mergeIndexes(one, out).ids.includes(of));
    });
  });

  it("ends the named sign-in and no later one", () => {
    check(fc.tuple(index, id, time, fc.boolean()), ([one, of, signedInAt, left]) => {
      const out = withoutAccount(one, { id: of, signedInAt }, { left });
      assert.ok(hasEnded(out, { id: of, signedInAt }));
      assert.equal(out.ids.includes(of), latestSignIn(one, of) > Math.max(signedInAt, endedAt(one, of)));
      assert.ok(out.active === undefined || out.active !== of || out.ids.includes(of) || one.active !== of);
    });
  });

  it("takes a sign-in that is later than any before, and none that has ended", () => {
    check(fc.tuple(index, id, time), ([one, of, at]) => {
      const signedInAt = Math.max(at, latestSignIn(one, of) + 1, 0);
      const signedIn = withAccount(one, of, signedInAt);
      assert.ok(signedIn.ids.includes(of) && signedIn.active === of && latestSignIn(signedIn, of) === signedInAt);
      const out = withoutAccount(signedIn, { id: of, signedInAt });
      assert.deepEqual(withAccount(out, of, signedInAt), out);
    });
  });
});
