import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import { type AccountFixture, linkedCredential } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { always, day, is, minute } from "./fixture.ts";
import { createSignOutFixture, type SignOutFixture, soon } from "./signOutFixture.ts";

describe("The sign-ins that another one of the same account has replaced", () => {
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
  const tokenOf = (credential: Credential) => fixture.tokenOf(credential);
  const left = () => fixture.left();
  const signOut = (of?: AccountFixture) => fixture.signOut(of);

  let again: Credential;
  const signInAgain = async (credential?: Credential) => {
    fixture.clock.jump(minute);
    await window.accounts.storeSignIn(credential ?? (await fixture.credential()));
    again = window.accounts.entry()?.credential ?? assert.fail();
  };

  it("the tokens of the earlier sign-ins are kept, and revoked with the last one", async () => {
    await signInAgain();
    const second = again;
    await signInAgain();
    assert.ok(isAlive(signedIn) && isAlive(second), "not before: that may end the new one, too");
    assert.deepEqual(await signOut(), { signIn: "revoked", earlier: "revoked", isStored: false });
    assert.deepEqual([signedIn, second, again].map(isAlive), [false, false, false]);
    assert.ok(!fixture.secrets.values.has(listKey));
  });

  for (const reads of [1, 40]) {
    it(`they are not said to be revoked where their list cannot be read (${reads} times)`, async () => {
      const first = signedIn;
      await signInAgain();
      fixture.secrets.script("get", listKey, ...Array<"rejects">(reads).fill("rejects"));
      const other = await fixture.openLoaded();
      assert.deepEqual(await signOut(other), { signIn: "revoked", earlier: "failed", isStored: true });
      assert.deepEqual([isAlive(first), keysWith(first)], [true, [listKey]]);
      fixture.secrets.settle();
      await fixture.restart();
      assert.deepEqual([isAlive(first), keysWith(first)], [false, []]);
    });
  }

  it("they are kept in a bounded list, each once, and the one in use is not on it", async () => {
    for (let count = 0; count < 25; count += 1) await signInAgain(withTokens(count));
    await signInAgain(withTokens(24));
    const { tokens } = JSON.parse(fixture.secrets.values.get(listKey) ?? "");
    const names = tokens.map(({ refreshToken }: { refreshToken: string }) => refreshToken);
    assert.deepEqual([names.length, new Set(names).size, names.includes("rt.24")], [20, 20, false]);
  });
  const withTokens = (count: number) => {
    const tokens = { ...signedIn.tokens, accessToken: `at.${count}`, refreshToken: `rt.${count}` };
    return { ...signedIn, tokens } as Credential;
  };

  it("by a link or a copy of the Codex CLI's login: only what was signed in to here is revoked", async () => {
    const [cliLogin, ours] = [await fixture.credential(), signedIn];
    for (const replacing of [linkedCredential(cliLogin), { ...cliLogin, origin: "copied" as const }]) {
      await signInAgain(replacing);
      assert.deepEqual(keysWith(ours), [listKey]);
    }
    assert.deepEqual(await signOut(), { signIn: "codex", earlier: "revoked", isStored: false });
    assert.deepEqual([isAlive(ours), isAlive(cliLogin)], [false, true]);
  });

  it("by a link to the very login that was handed off: nothing is revoked", async () => {
    await window.accounts.store({ ...signedIn, handOff: { codexHome: "/nowhere" } } as Credential);
    await signInAgain(linkedCredential(await fixture.credential()));
    assert.equal(fixture.secrets.values.has(listKey), false);
    fixture.clock.jump(minute);
  });

  it("after it was passed on to the Codex CLI, which an older value of the record does not show", async () => {
    const passedOn = { ...linkedCredential(signedIn as never), sequence: 1 };
    await window.accounts.passOn(passedOn);
    fixture.secrets.values.set(recordKey, JSON.stringify(signedIn));
    const other = await fixture.openLoaded();
    assert.deepEqual(await signOut(other), { signIn: "codex", earlier: undefined, isStored: false });
    assert.equal(isAlive(signedIn), true);
  });

  it("a sign-in stands although what it replaces could not be noted", async () => {
    fixture.secrets.script("store", listKey, ...always("rejects" as const));
    await signInAgain();
    assert.equal((await fixture.openLoaded()).accounts.entry()?.credential.tokens.refreshToken, tokenOf(again));
    assert.ok(window.lines.some((line) => line.startsWith("The token of a replaced sign-in could not be noted")));
    fixture.secrets.settle();
    assert.equal((await signOut()).earlier, "revoked", "this window knows it all the same");
  });

  it("what could not be noted is noted a little later, so that other windows know it as well", async () => {
    fixture.secrets.script("store", listKey, "rejects", "rejects", "rejects");
    await signInAgain();
    assert.equal(fixture.secrets.values.has(listKey), false);
    fixture.secrets.settle();
    await fixture.clock.advance(2_000);
    await soon(() => assert.deepEqual(keysWith(signedIn), [listKey]));
    assert.equal((await signOut(await fixture.openLoaded())).earlier, "revoked");
    assert.deepEqual([isAlive(signedIn), isAlive(again), fixture.clock.pending], [false, false, 0]);
  });

  it("what could not be noted is noted before the window closes", async () => {
    fixture.secrets.script("store", listKey, "rejects", "rejects", "rejects");
    await signInAgain();
    fixture.secrets.settle();
    window.signOut.dispose();
    await window.signOut.settled();
    assert.deepEqual(keysWith(signedIn), [listKey]);
    assert.equal(fixture.clock.pending, 0);
  });

  it("where another window's sign-in has failed, the token before that is kept as well as that of its record", async () => {
    const failed = await fixture.credential();
    fixture.secrets.values.set(recordKey, JSON.stringify({ ...failed, signedInAt: signedIn.signedInAt + 1 }));
    await signInAgain();
    assert.deepEqual([keysWith(signedIn), keysWith(failed)], [[listKey], [listKey]]);
    await signOut();
    assert.deepEqual([signedIn, failed, again].map(isAlive), [false, false, false]);
  });

  it("one that fails and has been replaced meanwhile keeps the token of the sign-in before it for the sign-out", async () => {
    const elsewhere = temporaryDirectory();
    const other = await fixture.openLoaded({ directory: elsewhere.path });
    const failing = await fixture.openLoaded({ secretLimits: { readMs: 1_000, writeMs: 1_000 } });
    const { store } = fixture.secrets;
    fixture.secrets.store = async (key, value) => {
      await store.call(fixture.secrets, key, value);
      if (key !== recordKey) return;
      fixture.secrets.store = store;
      // It has read the record of the sign-in that fails, in place of the one before it.
      await other.accounts.reload();
      fixture.clock.jump(minute);
      await other.accounts.storeSignIn(await fixture.credential());
      return new Promise(() => {});
    };
    fixture.clock.jump(minute);
    await assert.rejects(failing.accounts.storeSignIn(await fixture.credential()), is("keyringSilent"));
    await failing.accounts.reread(signedIn.id);
    await failing.lock.hold(signedIn.id, async () => {});
    assert.deepEqual(keysWith(signedIn), [listKey]);
    await signOut(other);
    assert.equal(isAlive(signedIn), false);
    await elsewhere.remove();
  });

  it("one that fails leaves the sign-in before it, whose token is not one to revoke", async () => {
    fixture.secrets.script("store", recordKey, "rejects");
    await assert.rejects(signInAgain(), is("saveFailed"));
    assert.equal(fixture.secrets.values.has(listKey), false);
    assert.deepEqual(await signOut(), { signIn: "revoked", earlier: undefined, isStored: false });
  });

  it("one after a sign-out that could not be revoked is not ended by what is left of that", async () => {
    fixture.issuer.faults.set("revoke", { kind: "serverError" });
    fixture.secrets.script("delete", recordKey, ...always("rejects" as const));
    await signOut();
    fixture.issuer.faults.clear();
    fixture.secrets.settle();
    await signInAgain();
    await fixture.clock.advance(3 * day);
    (await fixture.openLoaded()).start();
    await fixture.clock.advance(minute);
    assert.deepEqual([isAlive(again), keysWith(again)], [true, [recordKey]]);
    assert.equal((await signOut()).earlier, "revoked");
    assert.deepEqual([isAlive(signedIn), isAlive(again), left()], [false, false, []]);
  });
});
