import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { is, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture } from "./signOutFixture.ts";

describe("The token of a sign-in that failed and whose record was stored", () => {
  let fixture: SignOutFixture;
  let window: AccountFixture;
  let failed: Credential;
  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ window } = fixture);
    fixture.clock.jump(minute);
  });
  afterEach(() => fixture.dispose());

  /** A sign-in fails because the index cannot be stored. The window is killed then: it does not revoke its token. */
  async function fail(email: string): Promise<void> {
    failed = await fixture.credential(email);
    fixture.secrets.script("store", "accounts", "rejects");
    await assert.rejects(window.accounts.storeSignIn(failed), is("saveFailed"));
  }
  const fate = () => [fixture.isAlive(failed), fixture.keysWith(failed)];
  /** Another window ends what it finds. */
  async function endedByNextWindow(): Promise<void> {
    const next = await fixture.openLoaded();
    next.start();
    await eventually(async () => {
      await fixture.clock.advance(minute);
      assert.deepEqual(fate(), [false, []]);
    });
  }

  it("is noted before its record is deleted", async () => {
    const { secrets } = fixture;
    const { delete: remove } = secrets;
    const keys: string[][] = [];
    secrets.delete = (key) => {
      if (key.startsWith("credential.")) keys.push(fixture.keysWith(failed));
      return remove.call(secrets, key);
    };
    await fail("team@example.com");
    assert.ok(keys[0]?.includes(`replaced.${failed.id}`), `${keys}`);
  });

  it("is revoked by another window although its own was killed", async () => {
    await fail("team@example.com");
    assert.deepEqual(fate(), [true, [`replaced.${failed.id}`]]);
    await endedByNextWindow();
  });

  it("is revoked with a sign-out where the sign-in before it was restored", async () => {
    await fail("plus@example.com");
    assert.deepEqual(fate(), [true, [fixture.listKey]]);
    const next = await fixture.openLoaded();
    assert.equal(fixture.isAlive(fixture.signedIn), true);
    await fixture.signOut(next);
    assert.deepEqual(fate(), [false, []]);
  });

  it("is revoked by another window when its record was stored late", async () => {
    failed = await fixture.credential("team@example.com");
    fixture.secrets.script("store", `credential.${failed.id}`, "hangs");
    await assert.rejects(window.accounts.storeSignIn(failed), is("keyringSilent"));
    fixture.secrets.answerNow();
    await eventually(() => assert.deepEqual(fixture.keysWith(failed), [`replaced.${failed.id}`]));
    await endedByNextWindow();
  });

  it("stays in its record where it cannot be noted", async () => {
    const { id } = await fixture.credential("team@example.com");
    fixture.secrets.script("store", `replaced.${id}`, "rejects", "rejects");
    await fail("team@example.com");
    assert.deepEqual(fate(), [true, [`credential.${failed.id}`]]);
    await endedByNextWindow();
  });

  it("is noted no longer when its window has revoked it", async () => {
    await fail("team@example.com");
    await window.signOut.discard(failed.id, { issuer: failed.issuer, refreshToken: fixture.tokenOf(failed) });
    await window.signOut.settled();
    assert.deepEqual(fate(), [false, []]);
  });
});
