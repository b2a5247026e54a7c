import assert from "node:assert/strict";
import { eventually } from "../../support/timing.ts";
import { createFixture, type Fixture, is } from "./fixture.ts";

const limits = { readMs: 20, writeMs: 20 };

describe("A window whose first reading", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
    const window = await fixture.signedIn();
    await window.ownKey.set("sk-own-key-0001", true);
  });
  afterEach(() => fixture.dispose());

  const open = () => fixture.open({ secretLimits: limits });

  for (const misbehaviour of ["rejects", "hangs"] as const) {
    for (const secret of ["accounts", "credential", "ownKey"] as const) {
      it(`of “${secret}” ${misbehaviour} reads again at the next call, and then has everything`, async () => {
        const { accounts, ownKey } = open();
        const key = [...fixture.secrets.values.keys()].find((name) => name.startsWith(secret)) ?? "";
        const before = [...fixture.secrets.values];
        fixture.secrets.script("get", key, misbehaviour);
        const load = () => (secret === "ownKey" ? ownKey.load() : accounts.load());
        await assert.rejects(load(), is(misbehaviour === "hangs" ? "keyringSilent" : "keyringFailed"));
        assert.equal(accounts.state.notice, undefined);
        assert.equal(fixture.hint.get(), true);
        await Promise.all([accounts.load(), ownKey.load()]);
        assert.equal(accounts.state.active?.email, "plus@example.com");
        assert.equal(ownKey.current?.key, "sk-own-key-0001");
        fixture.secrets.answerNow();
        await Promise.all([accounts.reload(), ownKey.reload()]);
        assert.equal(accounts.state.accounts.length, 1);
        assert.deepEqual([...fixture.secrets.values], before);
      });
    }
  }

  it("hangs lets what is queued behind it go on", async () => {
    const { accounts } = open();
    await accounts.load();
    fixture.secrets.script("get", "accounts", "hangs");
    const hanging = accounts.reload();
    const id = accounts.state.active?.id ?? "";
    const [reading, rereading] = await Promise.allSettled([hanging, accounts.reread(id)]);
    assert.equal(reading.status, "rejected");
    assert.equal(rereading.status, "fulfilled");
  });
});

describe("A store that hangs", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const open = () => fixture.open({ secretLimits: limits }).accounts;
  const next = async () => (await fixture.openLoaded()).accounts;

  for (const secret of ["credential", "accounts"] as const) {
    it(`of “${secret}” ends a sign-in as failed, which does not appear when the write succeeds at last`, async () => {
      const accounts = open();
      const credential = await fixture.credential();
      fixture.secrets.script("store", secret === "accounts" ? secret : `credential.${credential.id}`, "hangs");
      await assert.rejects(accounts.storeSignIn(credential), is("keyringSilent"));
      fixture.secrets.answerNow();
      await eventually(() => assert.ok(!fixture.secrets.values.has(`credential.${credential.id}`)));
      await accounts.reload();
      assert.equal(accounts.state.active, undefined);
      assert.deepEqual((await next()).state.accounts, []);
    });

    it(`of “${secret}” keeps whoever was signed in before, with a working record`, async () => {
      const before = await fixture.signedIn();
      const accounts = open();
      await accounts.load();
      fixture.clock.jump(60_000);
      const email = secret === "accounts" ? "team@example.com" : "plus@example.com";
      const later = await fixture.credential(email);
      fixture.secrets.script("store", secret === "accounts" ? secret : `credential.${later.id}`, "hangs");
      await assert.rejects(accounts.storeSignIn(later), is("keyringSilent"));
      fixture.secrets.answerNow();
      const old = before.accounts.entry()?.credential;
      await eventually(async () => {
        const { state, entry } = { state: (await next()).state, entry: (await next()).entry() };
        assert.equal(state.accounts.length, 1);
        // A record that was stored again counts as that of a later sign-in.
        assert.deepEqual({ ...entry?.credential, signedInAt: old?.signedInAt }, old);
      });
    });
  }

  it("of a sign-in does not undo the next one of the same account", async () => {
    const accounts = open();
    const credential = await fixture.credential();
    fixture.secrets.script("store", `credential.${credential.id}`, "hangs");
    await assert.rejects(accounts.storeSignIn(credential), is("keyringSilent"));
    fixture.clock.jump(60_000);
    const later = await fixture.credential();
    const putting = accounts.storeSignIn(later);
    fixture.secrets.answerNow();
    await putting;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await accounts.reload();
    assert.ok(accounts.entry()?.credential.tokens.refreshToken === later.tokens.refreshToken);
    assert.ok((await next()).entry()?.credential.tokens.refreshToken === later.tokens.refreshToken);
  });

  it("of a sign-in leaves no record behind where another window has signed out of that account meanwhile", async () => {
    const other = await fixture.signedIn();
    const accounts = open();
    await accounts.load();
    fixture.clock.jump(60_000);
    const later = await fixture.credential();
    fixture.secrets.script("store", `credential.${later.id}`, "hangs");
    await assert.rejects(accounts.storeSignIn(later), is("keyringSilent"));
    await other.signOutAccount(later.id);
    fixture.secrets.answerNow();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(!fixture.secrets.values.has(`credential.${later.id}`));
    assert.deepEqual((await next()).state.accounts, []);
  });

  for (const secret of ["credential", "accounts"] as const) {
    it(`of “${secret}” in a sign-in costs nothing that another window has signed in with meanwhile`, async () => {
      const accounts = open();
      const failed = await fixture.credential();
      fixture.secrets.script("store", secret === "accounts" ? secret : `credential.${failed.id}`, "hangs");
      await assert.rejects(accounts.storeSignIn(failed), is("keyringSilent"));
      fixture.clock.jump(60_000);
      const other = await fixture.signedIn();
      const later = other.accounts.entry()?.credential;
      fixture.secrets.answerNow();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await other.accounts.reload();
      assert.ok(other.accounts.entry()?.credential === later);
      await eventually(async () => assert.deepEqual((await next()).entry()?.credential, later));
    });
  }

  it("of a sign-in costs nothing that another window has refreshed when it has just succeeded", async () => {
    const other = await fixture.signedIn();
    const accounts = open();
    await accounts.load();
    const before = other.accounts.entry()?.credential;
    fixture.clock.jump(60_000);
    const later = await fixture.credential();
    fixture.secrets.script("store", `credential.${later.id}`, "hangs");
    await assert.rejects(accounts.storeSignIn(later), is("keyringSilent"));
    assert.ok(before);
    await other.lock.hold(later.id, async () => {
      fixture.secrets.answerNow();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { signedInAt } = JSON.parse(fixture.secrets.values.get(`credential.${later.id}`) ?? "");
      assert.equal(signedInAt, later.signedInAt, "it is taken back in a separate turn");
      await other.accounts.store({ ...before, sequence: 1 });
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await next()).entry()?.credential.sequence, 1);
  });

  for (const secret of ["credential", "accounts"] as const) {
    it(`of “${secret}” in a sign-in does not undo the next one of the same account, which does not wait for it`, async () => {
      const { accounts } = fixture.open({ secretLimits: { readMs: 300, writeMs: 300 } });
      const credential = await fixture.credential();
      fixture.secrets.script("store", secret === "accounts" ? secret : `credential.${credential.id}`, "hangs");
      await assert.rejects(accounts.storeSignIn(credential), is("keyringSilent"));
      fixture.clock.jump(60_000);
      const later = await fixture.credential();
      const putting = accounts.storeSignIn(later);
      await new Promise((resolve) => setTimeout(resolve, 100));
      // What is known is enough.
      fixture.secrets.script("get", `credential.${later.id}`, "rejects");
      fixture.secrets.answerNow();
      await putting;
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { accounts: others } = fixture.open();
      await others.load();
      assert.ok(others.entry()?.credential.tokens.refreshToken === later.tokens.refreshToken);
    });
  }

  it("of a sign-out is reported, and when it succeeds at last the sign-out is completed", async () => {
    await fixture.signedIn();
    const accounts = open();
    await accounts.load();
    fixture.secrets.script("store", "accounts", "hangs");
    const id = accounts.state.active?.id ?? "";
    await assert.rejects(accounts.end(id), is("keyringSilent"));
    assert.equal(accounts.state.accounts.length, 1, "until then nobody is signed out");
    fixture.secrets.answerNow();
    await eventually(() => assert.equal(accounts.state.active, undefined));
    await fixture.clock.advance(60_000);
    await eventually(() => assert.ok(!fixture.secrets.values.has(`credential.${id}`)));
    assert.equal(fixture.issuer.recordsOf("revoke").length, 1);
  });
});
