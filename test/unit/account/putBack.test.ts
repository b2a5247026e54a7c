import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import { createHttpClient, type HttpClient } from "../../../src/platform/httpClient.ts";
import { day, is, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

const limits = { secretLimits: { readMs: 30, writeMs: 30 } };

describe("What a failed sign-in puts back", () => {
  let fixture: SignOutFixture;

  beforeEach(async () => {
    fixture = await createSignOutFixture();
    fixture.clock.jump(minute);
  });
  afterEach(() => fixture.dispose());

  const stored = (): Credential => JSON.parse(fixture.secrets.values.get(fixture.recordKey) ?? "");

  /** A sign-in in a window whose index cannot be stored. */
  async function fails({ accounts, signOut }: SignOutFixture["window"]) {
    const failed = await fixture.credential();
    fixture.secrets.script("store", "accounts", "rejects", "rejects", "rejects");
    await assert.rejects(accounts.storeSignIn(failed), is("saveFailed"));
    await signOut.discard(failed.id, { issuer: failed.issuer, refreshToken: fixture.tokenOf(failed) });
    fixture.secrets.settle();
  }

  it("is no older record than another window has, even one that is shown as rejected", async () => {
    const { signedIn, secrets } = fixture;
    const newest = await fixture.openLoaded(limits);
    const { credential } = await newest.refresher.refresh(signedIn);
    const text = JSON.stringify(signedIn);
    const older = {
      store: secrets.store.bind(secrets),
      delete: secrets.delete.bind(secrets),
      onDidChange: secrets.onDidChange,
      get: (key: string) => (key === fixture.recordKey ? Promise.resolve(text) : secrets.get(key)),
    };
    const behind = await fixture.openLoaded({ ...limits, secrets: older });
    await assert.rejects(behind.refresher.refresh(signedIn), is("needsSignIn"));
    await fails(behind);
    await newest.accounts.reload();
    await soon(() => assert.deepEqual(stored().tokens, credential.tokens));
    assert.equal(stored().rejected, undefined);
    assert.equal(newest.accounts.entry()?.account.rejected, undefined);
    await newest.source.accessToken(signedIn.id);
  });

  it("is not what another window has refreshed and cannot store yet", async () => {
    const { window, secrets, clock, signedIn } = fixture;
    let refuses = true;
    const refusing = {
      get: secrets.get.bind(secrets),
      delete: secrets.delete.bind(secrets),
      onDidChange: secrets.onDidChange,
      store: (key: string, value: string) =>
        refuses && key === fixture.recordKey ? Promise.reject(new Error("locked")) : secrets.store(key, value),
    };
    const other = await fixture.openLoaded({ ...limits, secrets: refusing });
    clock.jump(9 * day);
    const { credential } = await other.refresher.refresh(signedIn);
    await fails(window);
    refuses = false;
    await other.accounts.reload();
    await soon(() => assert.deepEqual(stored().tokens, credential.tokens));
    await other.refresher.settle();
    assert.ok(!secrets.values.get(fixture.listKey)?.includes(fixture.tokenOf(credential)), "it is to be revoked");
    await window.accounts.reload();
    for (const { refresher, accounts } of [other, window]) {
      await refresher.refresh(accounts.entry()?.credential ?? assert.fail());
    }
    assert.equal(fixture.isAlive(stored()), true);
  });

  for (const isStored of [true, false]) {
    it(`is followed by the tokens of a refresh that was under way (stored ${isStored ? "at once" : "later"})`, async () => {
      const { secrets, signedIn } = fixture;
      // Another window has gone on without the lock.
      const again: Credential = { ...signedIn, signedInAt: signedIn.signedInAt + 1 };
      const real = createHttpClient(() => "chatgpt_sign_in/test", "chatgpt_sign_in");
      const http: HttpClient = {
        ...real,
        async send(request) {
          const response = await real.send(request);
          if (isStored) await putBack();
          return response;
        },
      };
      const { accounts, refresher } = await fixture.openLoaded({ ...limits, http });
      const putBack = async () => {
        secrets.values.set(fixture.recordKey, JSON.stringify(again));
        await accounts.reload();
      };
      secrets.failingStores = isStored ? 0 : 9;
      const { credential } = await refresher.refresh(signedIn);
      await refresher.settle();
      secrets.failingStores = 0;
      if (!isStored) await putBack();
      await refresher.settle();
      assert.deepEqual(stored().tokens, credential.tokens);
      assert.equal(stored().signedInAt, again.signedInAt);
      assert.ok(!secrets.values.get(fixture.listKey)?.includes(fixture.tokenOf(credential)), "it is to be revoked");
    });
  }
});
