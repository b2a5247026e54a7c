import assert from "node:assert/strict";
import { parseIndex } from "../../../src/account/accountIndex.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, type Fixture, is, minute } from "./fixture.ts";

/**
 * What is stored, but for when sign-ins began: a record that was stored again counts as a later one. And but for the token
 * of the failed sign-in, which is to be revoked.
 */
const withoutTimes = (secrets: Iterable<[string, string]>) =>
  new Map(
    [...secrets]
      .filter(([key]) => !key.startsWith("replaced."))
      .map(([key, text]) => [key, text.replace(/"signedInAt":\d+/g, "")]),
  );

describe("A sign-in that cannot be stored", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
  });
  afterEach(() => fixture.dispose());

  it("leaves no record behind when the index cannot be stored", async () => {
    const window = await fixture.signedIn();
    const before = [...fixture.secrets.values];
    fixture.clock.jump(minute);
    for (const email of ["team@example.com", "plus@example.com"]) {
      // Where the index is missing, only its copy is written: it may just have read as missing.
      if (email === "plus@example.com") fixture.secrets.values.delete("accounts");
      fixture.secrets.script("store", email === "plus@example.com" ? "accounts.copy" : "accounts", "rejects");
      const later = await fixture.credential(email);
      await assert.rejects(window.accounts.storeSignIn(later), is("saveFailed"));
      fixture.secrets.values.set("accounts", before.find(([key]) => key === "accounts")?.[1] ?? "");
      assert.deepEqual(withoutTimes(fixture.secrets.values), withoutTimes(before));
    }
  });

  describe("that was reported as failed", () => {
    const newer = '{"version":3,"sealed":true}';
    /** The next store of a secret is reported as failed, and succeeds. */
    function succeedsThoughReported(key: string): void {
      const store = fixture.secrets.store.bind(fixture.secrets);
      fixture.secrets.store = async (name, value) => {
        await store(name, value);
        if (!name.startsWith(key)) return;
        fixture.secrets.store = store;
        throw new Error("the keyring is busy");
      };
    }

    for (const key of ["credential", "accounts"]) {
      it(`changes nothing although the store of “${key}” succeeded`, async () => {
        const window = await fixture.signedIn();
        const { state } = window.accounts;
        fixture.clock.jump(minute);
        succeedsThoughReported(key);
        const later = await fixture.credential("team@example.com");
        await assert.rejects(window.accounts.storeSignIn(later), is("saveFailed"));
        assert.ok(!fixture.secrets.values.has(`credential.${later.id}`), "its tokens are not left behind");
        await window.accounts.reload();
        assert.deepEqual(window.accounts.state, state);
        assert.deepEqual((await fixture.openLoaded()).accounts.state, state);
      });
    }

    it("changes nothing although the record of the same account was stored", async () => {
      const window = await fixture.signedIn();
      const other = await fixture.openLoaded();
      const tokens = window.accounts.entry()?.credential.tokens;
      fixture.clock.jump(minute);
      let hasSeen: Promise<void> | undefined;
      const { onDidChange } = fixture.secrets;
      // Another window reads the record that is then replaced again.
      onDidChange(({ key }) => {
        if (key.startsWith("credential")) hasSeen ??= other.accounts.reload();
      });
      succeedsThoughReported("credential");
      await assert.rejects(window.accounts.storeSignIn(await fixture.credential()));
      await hasSeen;
      for (const { accounts } of [window, other, await fixture.openLoaded()]) {
        await accounts.reload();
        assert.deepEqual(accounts.entry()?.credential.tokens, tokens);
      }
    });

    for (const misbehaviour of ["rejects", "hangs"] as const) {
      it(`restores the record of a newer version (the index ${misbehaviour})`, async () => {
        const { accounts } = await fixture.signedIn();
        const key = `credential.${accounts.state.active?.id}`;
        await accounts.storeSignIn(await fixture.credential("team@example.com"));
        fixture.secrets.values.set(key, newer);
        const late = fixture.open({ secretLimits: { readMs: 20, writeMs: 20 } }).accounts;
        await late.load();
        fixture.secrets.script("store", "accounts", misbehaviour);
        await assert.rejects(late.storeSignIn(await fixture.credential()));
        fixture.secrets.answerNow();
        await eventually(() => assert.ok(fixture.secrets.values.get(key) === newer));
      });
    }

    // A record that is missing is read three times: after that, the record of the failed sign-in is found.
    for (const [misreads, when] of [
      [20, "always"],
      [3, "at first"],
    ] as const) {
      it(`deletes nothing where the index only reads as missing, and the record does so ${when}`, async () => {
        const { accounts } = await fixture.signedIn();
        const nothing = (count: number) => Array<"nothing">(count).fill("nothing");
        for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...nothing(20));
        fixture.secrets.script("get", `credential.${accounts.state.active?.id}`, ...nothing(misreads));
        const late = fixture.open();
        await late.accounts.load();
        fixture.secrets.script("store", "accounts.copy", "rejects");
        await assert.rejects(late.accounts.storeSignIn(await fixture.credential()));
        fixture.secrets.settle();
        const { id } = accounts.state.active ?? assert.fail();
        const { index } = parseIndex(fixture.secrets.values.get("accounts"));
        assert.deepEqual([index?.ids, fixture.secrets.values.has(`credential.${id}`)], [[id], true]);
      });
    }
  });
});
