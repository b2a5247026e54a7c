import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { always, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

describe("A sign-in that was not kept", () => {
  let fixture: SignOutFixture;
  let window: AccountFixture;
  let signedIn: Credential;
  let discarded: Credential;

  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ window, signedIn } = fixture);
    discarded = await fixture.credential("team@example.com");
  });
  afterEach(() => fixture.dispose());

  const isAlive = (credential: Credential) => fixture.isAlive(credential);
  const keysWith = (credential: Credential) => fixture.keysWith(credential);
  const tokenOf = (credential: Credential) => fixture.tokenOf(credential);
  const left = () => fixture.left();
  const restart = () => fixture.restart();
  const listKeyOf = ({ id }: Credential) => `replaced.${id}`;

  const token = () => ({ issuer: discarded.issuer, refreshToken: tokenOf(discarded) });
  it("is nothing when its token can be revoked", async () => {
    await window.signOut.discard(discarded.id, token());
    await window.signOut.settled();
    assert.deepEqual([isAlive(discarded), left(), keysWith(discarded)], [false, [], []]);
  });

  it("is its token, which is revoked later by this window", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    await window.signOut.discard(discarded.id, token());
    await window.signOut.settled();
    fixture.issuer.faults.clear();
    await fixture.clock.advance(minute);
    await soon(() => assert.deepEqual([isAlive(discarded), left()], [false, []]));
    assert.deepEqual(keysWith(discarded), []);
  });

  it("is its token, which is revoked later by another window", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    await window.signOut.discard(discarded.id, token());
    await window.signOut.settled();
    window.signOut.dispose();
    fixture.issuer.faults.clear();
    await restart();
    assert.deepEqual([isAlive(discarded), keysWith(discarded)], [false, []]);
  });

  it("is its token, which this window revokes when it closes, where that cannot be stored", async () => {
    fixture.secrets.script("store", listKeyOf(discarded), ...always("rejects" as const));
    fixture.issuer.faults.set("revoke", { kind: "serverError", times: 1 });
    await window.signOut.discard(discarded.id, token());
    assert.equal(isAlive(discarded), true);
    await window.signOut.settled();
    assert.equal(isAlive(discarded), false);
  });

  it("is its token, which is noted when its window is closed before the issuer has answered", async () => {
    const answer = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const http = {
      ...window.http,
      send: async (): Promise<never> => {
        asked.resolve();
        await answer.promise;
        throw new Error("ECONNRESET");
      },
    };
    const closing = await fixture.openLoaded({ http });
    const discarding = closing.signOut.discard(discarded.id, token());
    await asked.promise;
    await closing.signOut.settled();
    assert.deepEqual(keysWith(discarded), [listKeyOf(discarded)]);
    assert.equal(left().length, 1);
    answer.resolve();
    assert.equal(await discarding, false);
    await restart();
    assert.deepEqual([isAlive(discarded), keysWith(discarded)], [false, []]);
  });

  it("does not end a sign-in of the same account, before or after", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    discarded = await fixture.credential();
    await window.signOut.discard(discarded.id, token());
    await window.signOut.settled();
    fixture.issuer.faults.clear();
    const next = await fixture.openLoaded();
    next.start();
    assert.equal(next.accounts.state.active?.id, signedIn.id);
    await fixture.clock.advance(minute);
    await soon(() => assert.equal(isAlive(discarded), false));
    assert.equal(isAlive(signedIn), true);
  });

  describe("that could be neither stored nor revoked is its token, which is stored", () => {
    beforeEach(() => void fixture.issuer.faults.set("revoke", { kind: "serverError" }));

    it("while the index is still being written for somebody else", async () => {
      const other = await fixture.openLoaded({ secretLimits: { readMs: 60_000, writeMs: 60_000 } });
      fixture.secrets.script("store", "accounts", "hangs");
      const writing = other.accounts.ended.noteLeft("0123456789abcdef", true);
      await other.signOut.discard(discarded.id, token());
      await eventually(async () => {
        await fixture.clock.advance(2_000);
        assert.deepEqual(keysWith(discarded), [`replaced.${discarded.id}`]);
      }, 30_000);
      fixture.secrets.answerNow();
      await writing;
      await soon(() => assert.ok(left().some(({ id }) => id === discarded.id)));
    });

    it("when its window is closed and the keyring has refused it several times", async () => {
      const refusals = Array.from({ length: 3 }, () => "rejects" as const);
      fixture.secrets.script("get", `replaced.${discarded.id}`, ...refusals);
      await window.signOut.discard(discarded.id, token());
      await window.signOut.settled();
      assert.deepEqual(keysWith(discarded), [`replaced.${discarded.id}`]);
    });

    it("with its note although another window does not release the lock of the index", async () => {
      const other = await fixture.openLoaded();
      const release = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const holding = other.lock.hold("accounts-index", () => {
        locked.resolve();
        return release.promise;
      });
      await locked.promise;
      await window.signOut.discard(discarded.id, token());
      await eventually(async () => {
        await fixture.clock.advance(500);
        assert.deepEqual(keysWith(discarded), [`replaced.${discarded.id}`]);
        assert.ok(left().some(({ id }) => id === discarded.id));
      }, 30_000);
      release.resolve();
      await holding;
    });
  });
});
