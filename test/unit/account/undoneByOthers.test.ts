import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseIndex } from "../../../src/account/accountIndex.ts";
import type { Credential } from "../../../src/account/credential.ts";
import { fingerprintOf } from "../../../src/account/refreshNotes.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { is, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture } from "./signOutFixture.ts";

const limits = { secretLimits: { readMs: 30, writeMs: 30 } };

describe("The record of a sign-in that has failed", () => {
  let fixture: SignOutFixture;
  let window: AccountFixture;
  let signedIn: Credential;
  let failed: Credential;

  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ window, signedIn } = fixture);
    fixture.clock.jump(minute);
  });
  afterEach(() => fixture.dispose());

  const notes = async () => (await readdir(fixture.folder)).filter((name) => name.startsWith("failed-sign-in-"));
  const stored = (id = failed.id) => fixture.secrets.values.get(`credential.${id}`);
  const accessTokenIn = ({ accounts }: AccountFixture) => accounts.entry(failed.id)?.credential.tokens.accessToken;
  /** Repeats an assertion while time passes. */
  const passes = (assertion: () => void) =>
    eventually(async () => {
      await fixture.clock.advance(minute);
      assertion();
    });

  describe("and whose window is killed then:", () => {
    /** The record is stored and the index cannot be, nor can the record before it be restored. */
    async function failsUnrestored(...index: ("rejects" | "landed")[]) {
      failed = await fixture.credential();
      fixture.secrets.script("store", "accounts", ...index);
      const { store } = fixture.secrets;
      let hasStored = false;
      fixture.secrets.store = (key, value) => {
        if (key === fixture.recordKey && hasStored) return Promise.reject(new Error("the keyring is locked"));
        hasStored ||= key === fixture.recordKey;
        return store.call(fixture.secrets, key, value);
      };
      await assert.rejects(window.accounts.storeSignIn(failed), is("saveFailed"));
      fixture.secrets.store = store;
      assert.equal((await notes()).length, 1);
    }

    for (const index of ["rejects", "landed"] as const) {
      it(`another window restores the sign-in before it, and its token is kept (the index ${index})`, async () => {
        const other = await fixture.openLoaded(limits);
        await failsUnrestored(index);
        assert.ok(fixture.secrets.values.get(fixture.listKey)?.includes(fixture.tokenOf(signedIn)), "it may be lost");
        fixture.secrets.values.delete(fixture.listKey);
        await other.accounts.reload();
        await eventually(async () => assert.deepEqual(await notes(), []));
        assert.deepEqual(
          [fixture.keysWith(signedIn), fixture.keysWith(failed)],
          [[fixture.recordKey], [fixture.listKey]],
        );
        const next = await fixture.openLoaded(limits);
        assert.equal(accessTokenIn(next), signedIn.tokens.accessToken);
        const entry = next.accounts.entry() ?? assert.fail();
        const { signedIn: listed } = parseIndex(fixture.secrets.values.get("accounts")).index ?? {};
        if (index === "landed") assert.deepEqual(listed, [{ id: failed.id, signedInAt: entry.credential.signedInAt }]);
      });
    }

    it("its record stays where its token can be noted nowhere else", async () => {
      const other = await fixture.openLoaded(limits);
      await failsUnrestored("rejects");
      fixture.secrets.values.delete(fixture.listKey);
      fixture.secrets.script("store", fixture.listKey, "rejects");
      await other.accounts.reload();
      await other.lock.hold(failed.id, async () => {});
      assert.deepEqual([fixture.keysWith(failed), (await notes()).length], [[fixture.recordKey], 1]);
      await eventually(async () => {
        await other.accounts.reload();
        assert.deepEqual(fixture.keysWith(failed), [fixture.listKey]);
      });
    });

    it("no window shows its record, not even at first", async () => {
      await failsUnrestored("rejects");
      const shown: (string | undefined)[] = [];
      const next = fixture.open(limits);
      next.accounts.onDidChange(() => shown.push(accessTokenIn(next)));
      await next.accounts.load();
      assert.ok(!shown.includes(failed.tokens.accessToken), "a record of a sign-in that has failed");
    });
  });

  it("is replaced although the record before it is what is read", async () => {
    failed = await fixture.credential();
    fixture.secrets.script("store", "accounts", "rejects");
    const { get, store } = fixture.secrets;
    let reads = 0;
    fixture.secrets.store = async (key, value) => {
      await store.call(fixture.secrets, key, value);
      if (key === fixture.recordKey && value.includes(fixture.tokenOf(failed))) reads = 1;
    };
    fixture.secrets.get = (key) => {
      if (key !== fixture.recordKey || reads === 0) return get.call(fixture.secrets, key);
      reads += 1;
      // The store looks once.
      return reads === 3 ? Promise.resolve(JSON.stringify(signedIn)) : get.call(fixture.secrets, key);
    };
    await assert.rejects(window.accounts.storeSignIn(failed), is("saveFailed"));
    assert.ok(stored()?.includes(fixture.tokenOf(signedIn)));
    assert.deepEqual(fixture.keysWith(failed), [fixture.listKey]);
  });

  it("is ended by the next window although it read as missing when its store was refused", async () => {
    failed = await fixture.credential("team@example.com");
    fixture.secrets.script("store", `credential.${failed.id}`, "landed");
    fixture.secrets.script("get", `credential.${failed.id}`, ...Array<"nothing">(6).fill("nothing"));
    await assert.rejects(window.accounts.storeSignIn(failed), is("saveFailed"));
    fixture.secrets.settle();
    const next = await fixture.openLoaded(limits);
    next.start();
    await passes(() => assert.deepEqual([fixture.isAlive(failed), stored()], [false, undefined]));
  });

  it("has another time than a later sign-in, also where the clock was set back", async () => {
    const at = signedIn.signedInAt + 90_000;
    await writeFile(join(fixture.folder, `failed-sign-in-${signedIn.id}-${at}`), "");
    await window.accounts.storeSignIn({ ...(await fixture.credential()), signedInAt: at });
    assert.ok((window.accounts.entry()?.credential.signedInAt ?? 0) > at);
  });

  it("is not taken for that of a sign-in that has the same time", async () => {
    failed = { ...(await fixture.credential()), signedInAt: signedIn.signedInAt };
    const name = `failed-sign-in-${failed.id}-${failed.signedInAt}-${fingerprintOf(fixture.tokenOf(failed))}`;
    await writeFile(join(fixture.folder, name), "");
    const next = await fixture.openLoaded(limits);
    next.start();
    await eventually(async () => {
      await next.accounts.reload();
      assert.deepEqual(await notes(), []);
    });
    assert.equal(accessTokenIn(next), signedIn.tokens.accessToken);
    assert.ok(stored()?.includes(fixture.tokenOf(signedIn)));
    assert.deepEqual([fixture.isAlive(signedIn), fixture.left()], [true, []]);
  });

  it("leaves the token where an issuer has given it out again: it is not one to revoke", async () => {
    const again = await fixture.credential();
    const { refreshToken } = signedIn.tokens as { refreshToken: string };
    fixture.secrets.script("store", "accounts", "rejects");
    await assert.rejects(window.accounts.storeSignIn({ ...again, tokens: { ...again.tokens, refreshToken } }));
    assert.equal(fixture.secrets.values.has(fixture.listKey), false);
  });
});
