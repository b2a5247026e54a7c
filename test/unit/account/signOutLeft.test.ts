import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import type { Credential } from "../../../src/account/credential.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { always, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

describe("What a sign-out leaves behind", () => {
  let fixture: SignOutFixture;
  let window: AccountFixture;
  let signedIn: Credential;
  let recordKey: string;
  let listKey: string;

  beforeEach(async () => {
    fixture = await createSignOutFixture();
    ({ window, signedIn, recordKey, listKey } = fixture);
  });
  afterEach(() => fixture.dispose());

  const isAlive = (credential: Credential) => fixture.isAlive(credential);
  const keysWith = (credential: Credential) => fixture.keysWith(credential);
  const left = () => fixture.left();
  const signOut = (of?: AccountFixture) => fixture.signOut(of);
  const restart = () => fixture.restart();

  it("is nothing when all goes well", async () => {
    assert.deepEqual(await signOut(), { signIn: "revoked", earlier: undefined, isStored: false });
    assert.deepEqual([isAlive(signedIn), left(), keysWith(signedIn)], [false, [], []]);
    assert.equal(fixture.clock.pending, 0);
  });

  for (const misbehaviour of ["rejects", "hangs"] as const) {
    it(`is the record when the keyring ${misbehaviour}; the token is revoked, and a later window deletes it`, async () => {
      fixture.secrets.script("delete", recordKey, ...always(misbehaviour));
      assert.deepEqual(await signOut(), { signIn: "revoked", earlier: undefined, isStored: true });
      assert.deepEqual([isAlive(signedIn), window.accounts.state.accounts], [false, []]);
      assert.equal(left().length, 1);
      fixture.secrets.settle();
      fixture.secrets.answerNow();
      const next = await restart();
      assert.deepEqual([keysWith(signedIn), next.accounts.state.accounts], [[], []]);
    });

    it(`is deleted by the same window a minute later when the keyring ${misbehaviour} at first`, async () => {
      // One that rejects is tried a second time at once.
      const times = misbehaviour === "rejects" ? 2 : 1;
      fixture.secrets.script("delete", recordKey, ...always(misbehaviour).slice(0, times));
      assert.equal((await signOut()).isStored, true);
      fixture.secrets.answerNow();
      await fixture.clock.advance(minute);
      await soon(() => assert.deepEqual([left(), keysWith(signedIn)], [[], []]));
      assert.equal(fixture.clock.pending, 0);
    });
  }

  it("is nothing of a damaged list, whose other tokens are revoked", async () => {
    fixture.clock.jump(minute);
    const second = await fixture.credential();
    const token = { issuer: second.issuer, refreshToken: fixture.tokenOf(second) };
    fixture.secrets.values.set(listKey, JSON.stringify({ version: 1, tokens: [token, { refreshToken: 5 }] }));
    assert.deepEqual(await signOut(), { signIn: "revoked", earlier: "revoked", isStored: false });
    assert.deepEqual([isAlive(second), left()], [false, []]);
    assert.deepEqual(
      [...fixture.secrets.values.keys()].filter((key) => key.includes("replaced")),
      [],
    );
  });

  it("is not a list of tokens whose deletion was lost without a word", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError", times: 1 });
    await signOut();
    assert.deepEqual(keysWith(signedIn), [listKey]);
    fixture.secrets.script("delete", listKey, "lost", "lost");
    await fixture.clock.advance(minute);
    await soon(() => assert.equal(isAlive(signedIn), false));
    await soon(() => assert.ok(window.lines.at(-1)?.endsWith("trying again in 5 min")));
    await fixture.clock.advance(5 * minute);
    await soon(() => assert.deepEqual([left(), keysWith(signedIn)], [[], []]));
  });

  it("is a record that the keyring was to store before, and may store yet: it is deleted again", async () => {
    fixture.secrets.script("store", recordKey, "hangs");
    const same = await window.accounts.update(signedIn.id, (stored) => ({ ...stored })).catch(() => undefined);
    assert.equal(same, undefined);
    assert.deepEqual(await signOut(), { signIn: "revoked", earlier: undefined, isStored: true });
    assert.deepEqual([isAlive(signedIn), keysWith(signedIn), left().length], [false, [], 1]);
    fixture.secrets.answerNow();
    await fixture.clock.advance(minute);
    await soon(() => assert.deepEqual([left(), keysWith(signedIn)], [[], []]));
  });

  it("is the record when the keyring reports a deletion that it has not done", async () => {
    const { secrets } = fixture;
    const { delete: remove } = secrets;
    secrets.delete = async () => {};
    assert.equal((await signOut()).isStored, true);
    secrets.delete = remove;
    await restart();
    assert.deepEqual(keysWith(signedIn), []);
  });

  it("is said to be there when the keyring reports as failed what it has done, and is then found to be nothing", async () => {
    const { secrets } = fixture;
    const remove = secrets.delete.bind(secrets);
    secrets.delete = async (key) => {
      await remove(key);
      throw new Error("the keyring is busy");
    };
    assert.equal((await signOut()).isStored, true);
    secrets.delete = remove;
    await restart();
  });

  it("is the token at the issuer when that cannot be reached: it is kept apart from the record, and revoked later", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    assert.deepEqual(await signOut(), { signIn: "failed", earlier: undefined, isStored: false });
    assert.deepEqual([isAlive(signedIn), keysWith(signedIn)], [true, [listKey]]);
    fixture.issuer.faults.clear();
    await restart();
    assert.deepEqual([isAlive(signedIn), keysWith(signedIn)], [false, []]);
  });

  it("is tried again less and less often while the issuer cannot be reached", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    await signOut();
    const waits = () => window.lines.flatMap((line) => /trying again in (\d+) min/.exec(line)?.[1] ?? []).map(Number);
    for (const [count, wait] of [1, 5, 30, 120, 120].entries()) {
      await soon(() => assert.equal(waits().length, count + 1));
      assert.equal(waits().at(-1), wait);
      assert.equal(fixture.issuer.recordsOf("fault").length, count + 1);
      await fixture.clock.advance(wait * minute - 1);
      assert.equal(fixture.clock.pending, 1);
      await fixture.clock.advance(1);
    }
    await soon(() => assert.equal(waits().length, 6));
    fixture.issuer.faults.clear();
    await fixture.clock.advance(2 * 60 * minute);
    await soon(() => assert.deepEqual(left(), []));
    assert.equal(isAlive(signedIn), false);
  });

  it("is the whole record when its token can be noted nowhere else", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    fixture.secrets.script("store", listKey, ...always("rejects" as const));
    assert.deepEqual(await signOut(), { signIn: "failed", earlier: undefined, isStored: true });
    assert.deepEqual(keysWith(signedIn), [recordKey]);
    fixture.issuer.faults.clear();
    fixture.secrets.settle();
    await restart();
    assert.deepEqual([isAlive(signedIn), keysWith(signedIn)], [false, []]);
  });

  it("is ended by a later window although this one was killed right after the index was written", async () => {
    await window.signOut.begin(signedIn.id);
    window.signOut.dispose();
    await restart();
    assert.deepEqual([isAlive(signedIn), keysWith(signedIn)], [false, []]);
  });

  it("is ended by another window that is open, which hears of it at its next reading", async () => {
    const other = await fixture.openLoaded();
    await window.signOut.begin(signedIn.id);
    window.signOut.dispose();
    await other.accounts.reload();
    await fixture.clock.advance(minute);
    await soon(() => assert.deepEqual(left(), []));
    assert.equal(isAlive(signedIn), false);
  });

  it("is over when the issuer refuses for good", async () => {
    fixture.issuer.faults.set("revoke", { kind: "status", status: 400, code: "invalid_token" });
    assert.deepEqual(await signOut(), { signIn: "over", earlier: undefined, isStored: false });
    assert.deepEqual([left(), keysWith(signedIn), fixture.clock.pending], [[], [], 0]);
  });

  it("is not over because a portal has answered", async () => {
    fixture.issuer.faults.set("revoke", { kind: "html" });
    assert.equal((await signOut()).signIn, "failed");
    assert.equal(left().length, 1);
  });

  it("is revoked by its newest token, which another window has just got", async () => {
    const other = await fixture.openLoaded();
    const { credential: newest } = await other.refresher.refresh(signedIn);
    await other.refresher.settle();
    fixture.secrets.values.set(recordKey, JSON.stringify(signedIn));
    fixture.secrets.script("get", recordKey, ...always("nothing" as const).slice(0, 6));
    const [before] = [window.accounts.entry()?.credential.tokens.refreshToken];
    assert.equal(before, signedIn.tokens.refreshToken);
    fixture.secrets.values.set(recordKey, JSON.stringify(newest));
    assert.equal((await signOut()).signIn, "revoked");
    assert.deepEqual([isAlive(newest), keysWith(newest)], [false, []]);
    assert.equal(fixture.issuer.recordsOf("revoke").at(-1)?.found, true);
  });

  for (const build of ["this", "an earlier"]) {
    it(`is everything of an account whose record cannot be read, until it can be (index of ${build} build)`, async () => {
      const { secrets } = fixture;
      const { id } = signedIn;
      if (build === "an earlier") {
        secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [id], active: id, generation: 9 }));
        secrets.values.delete("accounts.copy");
      }
      fixture.clock.jump(minute);
      secrets.script("get", recordKey, ...always("rejects" as const));
      const next = fixture.open();
      await assert.rejects(next.accounts.load());
      assert.deepEqual(next.accounts.state.unread, [id]);
      assert.deepEqual(await signOut(next), { signIn: "failed", earlier: undefined, isStored: true });
      assert.deepEqual([next.accounts.state.unread, next.accounts.state.accounts, left().length], [undefined, [], 1]);
      await fixture.clock.advance(minute);
      assert.deepEqual([isAlive(signedIn), keysWith(signedIn)], [true, [recordKey]]);
      secrets.settle();
      await restart();
      assert.deepEqual([isAlive(signedIn), keysWith(signedIn)], [false, []]);
    });
  }

  it("does not wait for long for the account's lock", async () => {
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = window.lock.hold(signedIn.id, () => {
      held.resolve();
      return release.promise;
    });
    await held.promise;
    const ended = window.signOut.begin(signedIn.id);
    await fixture.clock.advance(5_000);
    const outcome = window.signOut.finish((await ended) ?? assert.fail());
    await soon(() => assert.equal(isAlive(signedIn), false));
    await soon(() => assert.equal(fixture.clock.pending, 1));
    await fixture.clock.advance(5_000);
    assert.deepEqual(await outcome, { signIn: "revoked", earlier: undefined, isStored: false });
    release.resolve();
    await holding;
  });

  it("is nothing of the notes of its refreshes, nor of those of the sign-ins before", async () => {
    const { credential } = await window.refresher.refresh(signedIn);
    await window.refresher.settle();
    fixture.clock.jump(minute);
    await window.accounts.storeSignIn(await fixture.credential());
    await window.refresher.refresh(window.accounts.entry()?.credential ?? assert.fail());
    await window.refresher.settle();
    const other = await fixture.credential("team@example.com");
    await window.accounts.storeSignIn(other);
    await window.refresher.refresh(window.accounts.entry()?.credential ?? assert.fail());
    await window.refresher.settle();
    const notes = async () => (await readdir(fixture.folder)).filter((name) => name.startsWith("rotation-"));
    assert.equal((await notes()).length, 3);
    await signOut();
    assert.deepEqual((await notes()).length, 1);
    assert.ok((await notes())[0]?.startsWith(`rotation-${other.id}-`));
    assert.equal(isAlive(credential), false);
  });
});
