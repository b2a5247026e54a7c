import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { eventually } from "../../support/timing.ts";
import { minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

describe("A token that is to be revoked is never stored without a note of it in the index:", () => {
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

  const token = () => ({ issuer: signedIn.issuer, refreshToken: fixture.tokenOf(signedIn) });
  const listOf = (...tokens: object[]) => JSON.stringify({ version: 1, tokens });
  /** The next revocation of a window fails when the test says so. */
  function holdRevocation(of: AccountFixture) {
    const asked = Promise.withResolvers<void>();
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => {});
    const { send } = of.http;
    of.http.send = (request) => {
      if (!request.url.endsWith("/oauth/revoke")) return send(request);
      of.http.send = send;
      asked.resolve();
      return failure.promise;
    };
    return { asked: asked.promise, fail: () => failure.reject(new Error("unreachable")) };
  }

  it("by a window that could not revoke it, when another has ended everything meanwhile", async () => {
    const other = await fixture.openLoaded();
    const revocation = holdRevocation(other);
    const entry = (await window.signOut.begin(signedIn.id)) ?? assert.fail();
    await other.accounts.reload();
    await fixture.clock.advance(minute);
    await revocation.asked;
    assert.equal((await window.signOut.finish(entry)).signIn, "revoked");
    assert.deepEqual(fixture.left(), []);
    revocation.fail();
    await soon(() => assert.deepEqual(fixture.keysWith(signedIn), [listKey]));
    await soon(() => assert.equal(fixture.left().length, 1));
    await fixture.restart();
    assert.deepEqual(fixture.keysWith(signedIn), []);
  });

  /** Does something when the note is about to be taken away. */
  function beforeTheEnd(work: () => void, isLate?: Promise<void>) {
    const { secrets } = fixture;
    const { store } = secrets;
    const ending = Promise.withResolvers<void>();
    secrets.store = async (key, value) => {
      if (key !== "accounts" || !value.includes('"removed"') || value.includes('"left"')) {
        return store.call(secrets, key, value);
      }
      secrets.store = store;
      work();
      ending.resolve();
      await isLate;
      return store.call(secrets, key, value);
    };
    return ending.promise;
  }
  const storeOther = () =>
    fixture.secrets.values.set(listKey, listOf({ ...token(), refreshToken: "rt.of-another-window" }));

  it("by a window that stores it while another takes the note away", async () => {
    const ending = beforeTheEnd(storeOther);
    await fixture.signOut();
    await ending;
    assert.equal(fixture.left().length, 1);
    await fixture.clock.advance(minute);
    await soon(() => assert.deepEqual([fixture.left(), fixture.secrets.values.has(listKey)], [[], false]));
  });

  it("by a window that stores it while another takes the note away, late", async () => {
    const late = Promise.withResolvers<void>();
    const ending = beforeTheEnd(storeOther, late.promise);
    await fixture.signOut();
    await ending;
    late.resolve();
    await soon(() => assert.equal(fixture.left()[0]?.revision, 2));
    assert.equal(fixture.left().length, 1);
  });

  it("by a window that stores it when another has just taken the note away", async () => {
    const { secrets } = fixture;
    const { store } = secrets;
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    secrets.store = (key, value) => {
      if (key === listKey) {
        secrets.store = store;
        const index = JSON.parse(secrets.values.get("accounts") ?? "");
        const [{ id, signedInAt, revision = 0 }] = index.removed;
        const removed = [{ id, signedInAt, revision: revision + 1 }];
        secrets.values.set("accounts", JSON.stringify({ ...index, generation: index.generation + 1, removed }));
      }
      return store.call(secrets, key, value);
    };
    await fixture.signOut();
    assert.deepEqual([fixture.keysWith(signedIn), fixture.left().length], [[listKey], 1]);
  });

  it("by a window that does not know that another has revoked it", async () => {
    const ending = beforeTheEnd(() => fixture.secrets.values.set(listKey, listOf(token())));
    await fixture.signOut();
    await ending;
    assert.deepEqual([fixture.left(), fixture.secrets.values.has(listKey)], [[], false]);
  });

  it("by a window that is killed right after it", async () => {
    await fixture.signOut();
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    const { secrets } = fixture;
    const { store } = secrets;
    let leftThen: number | undefined;
    secrets.store = (key, value) => {
      if (key === listKey) leftThen ??= fixture.left().length;
      return store.call(secrets, key, value);
    };
    await window.signOut.discard(signedIn.id, token());
    await window.signOut.settled();
    assert.equal(leftThen, 1);
  });

  it("a sign-in that has ended, whose token could not be revoked, does not lose it to one that fails", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    fixture.secrets.script("store", listKey, "rejects", "rejects", "rejects", "rejects");
    await fixture.signOut();
    fixture.secrets.settle();
    assert.deepEqual(fixture.keysWith(signedIn), [recordKey]);
    fixture.clock.jump(minute);
    const again = await fixture.credential();
    fixture.secrets.script("store", "accounts", "rejects", "rejects", "rejects");
    const next = await fixture.openLoaded();
    await assert.rejects(next.accounts.storeSignIn(again));
    fixture.secrets.settle();
    fixture.issuer.faults.clear();
    const last = await fixture.openLoaded();
    last.start();
    await eventually(async () => {
      await fixture.clock.advance(minute);
      assert.deepEqual(fixture.left(), []);
    });
    const rest = [signedIn, again].map((each) => [fixture.isAlive(each), fixture.keysWith(each)]);
    assert.deepEqual(rest, [
      [false, []],
      [false, []],
    ]);
  });

  it("the record of a sign-in that the index does not name yet is not deleted with the one before it", async () => {
    const entry = (await window.signOut.begin(signedIn.id)) ?? assert.fail();
    const again = { ...(await fixture.credential()), signedInAt: signedIn.signedInAt + 1 };
    fixture.secrets.values.set(recordKey, JSON.stringify(again));
    await window.signOut.finish(entry);
    assert.deepEqual([fixture.isAlive(signedIn), fixture.keysWith(again)], [false, [recordKey]]);
  });

  it("by a window that cannot write the index then: it does so a little later", async () => {
    await fixture.signOut();
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    fixture.secrets.script("store", "accounts", "rejects", "rejects");
    await window.signOut.discard(signedIn.id, token());
    await soon(() =>
      assert.ok(window.lines.some((line) => line.startsWith("What is to be revoked could not be noted"))),
    );
    assert.deepEqual([fixture.keysWith(signedIn), fixture.left().length], [[listKey], 0]);
    await fixture.clock.advance(2_000);
    await soon(() => assert.equal(fixture.left().length, 1));
  });

  it("by a window that alone knows of one, when another is taken off the list", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    const other = { ...token(), refreshToken: "rt.other" };
    await window.signOut.discard(signedIn.id, other);
    await window.signOut.discard(signedIn.id, token());
    await window.signOut.settled();
    fixture.issuer.faults.clear();
    const next = await fixture.openLoaded();
    await fixture.signOut(next);
    assert.deepEqual([fixture.left(), fixture.secrets.values.has(listKey)], [[], false]);
    await window.accounts.reload();
    await window.signOut.discard(signedIn.id, token());
    await window.signOut.settled();
    assert.deepEqual([fixture.secrets.values.get(listKey), fixture.left().length], [listOf(other), 1]);
  });

  for (const key of ["the record", "the list"] as const) {
    it(`and none is forgotten because ${key} reads as missing, where the host lists it`, async () => {
      const { secrets } = fixture;
      const listing = Object.assign(secrets, { keys: async () => [...secrets.values.keys()] });
      const next = await fixture.openLoaded({ secrets: listing });
      const entry = (await next.signOut.begin(signedIn.id)) ?? assert.fail();
      const name = key === "the record" ? recordKey : listKey;
      await next.signOut.finish(entry);
      secrets.values.set(name, key === "the record" ? JSON.stringify(signedIn) : listOf(token()));
      await next.accounts.ended.noteLeft(signedIn.id, true);
      secrets.script("get", name, ...Array<"nothing">(30).fill("nothing"));
      secrets.script("delete", recordKey, "lost", "lost");
      const deleting = Promise.withResolvers<void>();
      const { delete: remove } = secrets;
      secrets.delete = (of) => {
        deleting.resolve();
        return remove.call(secrets, of);
      };
      next.start();
      await deleting.promise;
      await next.lock.hold(signedIn.id, async () => {});
      assert.deepEqual([secrets.values.has(name), fixture.left().length], [true, 1]);
    });
  }
});
