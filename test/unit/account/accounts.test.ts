import assert from "node:assert/strict";
import { mkdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Accounts } from "../../../src/account/accounts.ts";
import { parseCredential } from "../../../src/account/credential.ts";
import { SecretStore } from "../../../src/account/secretStore.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, day, type Fixture, minute } from "./fixture.ts";

describe("The accounts that are stored", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  async function keyOfRecord(): Promise<string> {
    const window = await fixture.signedIn();
    return `credential.${window.accounts.state.active?.id}`;
  }

  /** A window that starts now. */
  async function next() {
    const window = fixture.open();
    await window.accounts.load();
    return window;
  }

  it("with a record that is corrupt say so, and keep it aside when somebody signs in again", async () => {
    const key = await keyOfRecord();
    fixture.secrets.values.set(key, '{"version":1,"id":');
    const { accounts } = await next();
    assert.equal(accounts.state.notice, "corrupt");
    assert.equal(accounts.state.accounts.length, 0);
    assert.equal(fixture.secrets.values.get(key), '{"version":1,"id":', "nothing is touched before");
    await accounts.put(await fixture.credential(), { activate: true });
    assert.equal(accounts.state.notice, undefined);
    assert.equal(fixture.secrets.values.get(`setAside.${key}`), '{"version":1,"id":');
    assert.equal((await next()).accounts.state.active?.email, "plus@example.com");
    await accounts.remove(accounts.state.active?.id ?? "");
    assert.ok(
      ![...fixture.secrets.values.keys()].some((name) => name.includes("credential")),
      "a sign-out leaves nothing",
    );
  });

  it("with a record of a newer version say so, and leave it to the version that can read it", async () => {
    const key = await keyOfRecord();
    const newer = '{"version":2,"sealed":true}';
    fixture.secrets.values.set(key, newer);
    const { accounts } = await next();
    assert.equal(accounts.state.notice, "newer");
    await accounts.reload();
    assert.equal(fixture.secrets.values.get(key), newer);
    await accounts.put(await fixture.credential(), { activate: true });
    assert.equal(fixture.secrets.values.get(`setAside.${key}`), newer);
  });

  it("with an index that is corrupt or newer say so, and keep it aside", async () => {
    for (const [text, notice] of [
      ["[]", "corrupt"],
      ['{"version":2}', "newer"],
    ] as const) {
      fixture.secrets.values.set("accounts", text);
      const { accounts } = await next();
      assert.equal(accounts.state.notice, notice);
      await accounts.put(await fixture.credential(), { activate: true });
      assert.equal(accounts.state.notice, undefined);
      assert.equal(fixture.secrets.values.get("setAside.accounts"), text);
      assert.equal((await next()).accounts.state.accounts.length, 1);
    }
  });

  it("keep what could be read when one of them cannot", async () => {
    const key = await keyOfRecord();
    const { accounts } = await next();
    await accounts.put(await fixture.credential("team@example.com"), { activate: true });
    fixture.secrets.values.set(key, "?");
    const window = await next();
    assert.equal(window.accounts.state.notice, "corrupt");
    assert.deepEqual(
      window.accounts.state.accounts.map(({ email }) => email),
      ["team@example.com"],
    );
  });

  it("that a keyring has kept in memory only are missed at the next start, and once", async () => {
    await fixture.signedIn();
    fixture.secrets.values.clear();
    assert.equal((await next()).accounts.state.notice, "notKept");
    assert.equal((await next()).accounts.state.notice, undefined);
  });

  it("are not missed by a window that was there when another one signed out", async () => {
    const other = await fixture.signedIn();
    const { accounts } = await next();
    await other.accounts.remove(other.accounts.state.active?.id ?? "");
    // Windows hear of the secrets before they hear of the rest.
    await fixture.hint.set(true);
    await accounts.reload();
    assert.equal(accounts.state.notice, undefined);
    assert.equal(accounts.state.active, undefined);
    assert.equal((await next()).accounts.state.notice, undefined, "nor by one that starts then");
  });

  it("are adopted from another window, whatever it did, and told of once", async () => {
    const [one, other] = [await fixture.signedIn(), await next()];
    const states: (string | undefined)[] = [];
    one.accounts.onDidChange(({ active }) => states.push(active?.email));
    await other.accounts.put(await fixture.credential("team@example.com"), { activate: true });
    await Promise.all([one.accounts.reload(), one.accounts.reload()]);
    await one.accounts.reload();
    assert.deepEqual(states, ["team@example.com"]);
    await other.accounts.remove(other.accounts.state.active?.id ?? "");
    await one.accounts.reload();
    assert.deepEqual(states, ["team@example.com", "plus@example.com"]);
  });

  describe("that change together with something else", () => {
    it("are told of when that is done, with the state that there is then, once", async () => {
      const { accounts } = fixture.open();
      const told: string[] = [];
      let done = false;
      accounts.onDidChange(({ active }) => told.push(`${active?.email} ${done}`));
      const result = await accounts.tellTogether(async () => {
        await accounts.put(await fixture.credential(), { activate: true });
        assert.equal(accounts.state.active?.email, "plus@example.com", "the state itself is not held back");
        await accounts.put(await fixture.credential("team@example.com"), { activate: true });
        done = true;
        return "result";
      });
      assert.equal(result, "result");
      assert.deepEqual(told, ["team@example.com true"]);
    });

    it("are told of when that fails", async () => {
      const { accounts } = fixture.open();
      const told: unknown[] = [];
      accounts.onDidChange(({ active }) => told.push(active?.email));
      const work = async () => {
        await accounts.put(await fixture.credential(), { activate: true });
        throw new Error("no");
      };
      await assert.rejects(accounts.tellTogether(work), /^Error: no$/);
      assert.deepEqual(told, ["plus@example.com"]);
    });

    it("are told of when the last of several is done, and not when nothing differs", async () => {
      const { accounts } = fixture.open();
      const told: unknown[] = [];
      accounts.onDidChange(({ active }) => told.push(active?.email));
      const outer = Promise.withResolvers<void>();
      const waiting = accounts.tellTogether(() => outer.promise);
      await accounts.tellTogether(async () => accounts.put(await fixture.credential(), { activate: true }));
      assert.deepEqual(told, []);
      outer.resolve();
      await waiting;
      assert.deepEqual(told, ["plus@example.com"]);
      await accounts.tellTogether(async () => accounts.reload());
      await accounts.tellTogether(async () => {});
      assert.deepEqual(told, ["plus@example.com"]);
      await accounts.remove(accounts.state.active?.id ?? "");
      assert.deepEqual(told, ["plus@example.com", undefined]);
    });

    it("are told of after 10 s when that does not end", async () => {
      const { accounts, clock } = { ...fixture.open(), clock: fixture.clock };
      const told: unknown[] = [];
      accounts.onDidChange(({ active }) => told.push(active?.email));
      void accounts.tellTogether(() => new Promise(() => {}), clock);
      await accounts.put(await fixture.credential(), { activate: true });
      await clock.advance(9_999);
      assert.deepEqual(told, []);
      await clock.advance(1);
      assert.deepEqual(told, ["plus@example.com"]);
    });
  });

  for (const name of ["account", "index"]) {
    it(`are joined by a sign-in also where the lock of the ${name} is not let go`, async () => {
      const credential = await fixture.credential();
      const held = join(fixture.folder, `${name === "index" ? "accounts" : credential.id}.lock`);
      await mkdir(held);
      let beats = 0;
      const heart = setInterval(() => {
        beats += 1;
        const time = new Date(Date.now() + beats);
        void utimes(held, time, time).catch(() => {});
      }, 20);
      try {
        const window = fixture.open({ lockTimes: { staleMs: 400, patienceMs: 600 } });
        await window.accounts.put(credential, { activate: true });
        assert.equal(window.accounts.state.active?.email, "plus@example.com");
        assert.ok(window.lines.some((line) => line.includes("without a lock")));
        await assert.rejects(
          window.lock.hold(name === "index" ? "accounts" : credential.id, async () => {}),
          (error) => isProblem(error, "busyElsewhere"),
        );
      } finally {
        clearInterval(heart);
      }
      assert.equal((await next()).accounts.state.active?.email, "plus@example.com");
      await rm(held, { recursive: true });
    });
  }

  it("get no record of an account that is not signed in", async () => {
    const { accounts } = fixture.open();
    const credential = await fixture.credential();
    await assert.rejects(accounts.put(credential), (error) => isProblem(error, "notSignedIn"));
    assert.deepEqual([...fixture.secrets.values], []);
    await accounts.put(credential, { activate: true });
    await accounts.remove(credential.id);
    const before = [...fixture.secrets.values];
    await assert.rejects(accounts.put(credential), (error) => isProblem(error, "notSignedIn"));
    assert.deepEqual([...fixture.secrets.values], before);
  });

  it("stay as they were when a store fails", async () => {
    const window = await fixture.signedIn();
    const before = [...fixture.secrets.values];
    const { state } = window.accounts;
    fixture.secrets.failingStores = 1;
    await assert.rejects(
      window.accounts.put(await fixture.credential("team@example.com"), { activate: true }),
      (error) => isProblem(error, "saveFailed"),
    );
    assert.deepEqual([...fixture.secrets.values], before);
    assert.equal(window.accounts.state, state);
  });

  for (const back of [0, 30 * day]) {
    it(`are another sign-in's when the same person signs in again with the clock ${back} ms behind`, async () => {
      const window = await fixture.signedIn();
      const other = fixture.open();
      const seen = window.accounts.entry()?.credential;
      assert.ok(seen);
      await window.refresher.refresh(seen);
      await window.refresher.settle();
      await other.accounts.load();
      fixture.clock.jump(-back);
      const later = await fixture.credential();
      await window.accounts.put(later, { activate: true });
      await other.accounts.reload();
      for (const { accounts } of [window, other]) {
        assert.equal(accounts.entry()?.credential.tokens.refreshToken, later.tokens.refreshToken);
      }
      const { credential } = await other.refresher.refresh(other.accounts.entry()?.credential ?? seen);
      assert.equal(credential.sequence, 1);
      assert.equal(other.accounts.state.active?.rejected, undefined);
    });
  }

  for (const record of ["reads right", "reads as missing"]) {
    it(`are the later sign-in's with the clock behind, also where the earlier record ${record}`, async () => {
      const other = fixture.open();
      if (record === "reads right") await other.accounts.load();
      const window = await fixture.signedIn();
      fixture.secrets.settle();
      if (record !== "reads right") {
        await other.accounts.load();
        const key = `credential.${window.accounts.state.active?.id}`;
        fixture.secrets.script("get", key, "nothing", "nothing", "nothing");
      }
      fixture.clock.jump(-30 * day);
      const later = await fixture.credential();
      await other.accounts.put(later, { activate: true });
      await window.accounts.reload();
      assert.ok(window.accounts.entry()?.credential.tokens.refreshToken === later.tokens.refreshToken);
    });
  }

  it("stay as they were when the index cannot be stored: no record of the sign-in is left behind", async () => {
    await fixture.dispose();
    fixture = await createFixture({ reliable: true });
    const window = await fixture.signedIn();
    const before = [...fixture.secrets.values];
    fixture.clock.jump(minute);
    for (const email of ["team@example.com", "plus@example.com"]) {
      // One that is gone is written beside: it may only read as gone.
      if (email === "plus@example.com") fixture.secrets.values.delete("accounts");
      fixture.secrets.script("store", email === "plus@example.com" ? "accounts.copy" : "accounts", "rejects");
      const later = await fixture.credential(email);
      await assert.rejects(window.accounts.put(later, { activate: true }), (error) => isProblem(error, "saveFailed"));
      fixture.secrets.values.set("accounts", before.find(([key]) => key === "accounts")?.[1] ?? "");
      assert.deepEqual(new Map(fixture.secrets.values), new Map(before));
    }
  });

  describe("after a sign-in that could not be stored", () => {
    const newer = '{"version":2,"sealed":true}';
    beforeEach(async () => {
      await fixture.dispose();
      fixture = await createFixture({ reliable: true });
    });
    /** The next store of a secret is said to have failed, and has not. */
    function landsThoughFailed(key: string): void {
      const store = fixture.secrets.store.bind(fixture.secrets);
      fixture.secrets.store = async (name, value) => {
        await store(name, value);
        if (!name.startsWith(key)) return;
        fixture.secrets.store = store;
        throw new Error("the keyring is busy");
      };
    }

    for (const key of ["credential", "accounts"]) {
      it(`are those that were there, though the store of “${key}” did come to pass`, async () => {
        const window = await fixture.signedIn();
        const { state } = window.accounts;
        fixture.clock.jump(minute);
        landsThoughFailed(key);
        const later = await fixture.credential("team@example.com");
        await assert.rejects(window.accounts.put(later, { activate: true }), (error) => isProblem(error, "saveFailed"));
        assert.ok(!fixture.secrets.values.has(`credential.${later.id}`), "its tokens are not left behind");
        await window.accounts.reload();
        assert.deepEqual(window.accounts.state, state);
        assert.deepEqual((await next()).accounts.state, state);
      });
    }

    it("are those that were there, though a store of the same account did come to pass", async () => {
      const window = await fixture.signedIn();
      const { state } = window.accounts;
      fixture.clock.jump(minute);
      landsThoughFailed("credential");
      await assert.rejects(window.accounts.put(await fixture.credential(), { activate: true }));
      await window.accounts.reload();
      assert.deepEqual(window.accounts.state, state);
      assert.deepEqual((await next()).accounts.state, state);
    });

    for (const misbehaviour of ["rejects", "hangs"] as const) {
      it(`have the record of a newer version in its place (the index ${misbehaviour})`, async () => {
        const { accounts } = await fixture.signedIn();
        const key = `credential.${accounts.state.active?.id}`;
        await accounts.put(await fixture.credential("team@example.com"), { activate: true });
        fixture.secrets.values.set(key, newer);
        const { lock, refreshNotes, log } = fixture.open();
        const store = new SecretStore(fixture.secrets, { readMs: 20, writeMs: 20 });
        const late = new Accounts(store, lock, fixture.hint, refreshNotes, log);
        await late.load();
        fixture.secrets.script("store", "accounts", misbehaviour);
        await assert.rejects(late.put(await fixture.credential(), { activate: true }));
        fixture.secrets.answerNow();
        await eventually(() => assert.ok(fixture.secrets.values.get(key) === newer));
      });
    }

    it("are not deleted where the index and the record only read as missing", async () => {
      const { accounts } = await fixture.signedIn();
      const missing = ["accounts", "accounts.copy", `credential.${accounts.state.active?.id}`];
      for (const key of missing) fixture.secrets.script("get", key, ...Array(20).fill("nothing"));
      const late = fixture.open();
      await late.accounts.load();
      fixture.secrets.script("store", "accounts.copy", "rejects");
      await assert.rejects(late.accounts.put(await fixture.credential(), { activate: true }));
      fixture.secrets.settle();
      assert.equal((await next()).accounts.state.active?.email, "plus@example.com");
    });
  });

  it("of an older version are brought up to this one step by step", async () => {
    const { version: _version, signedInAt, ...rest } = await fixture.credential();
    const older = JSON.stringify({ ...rest, version: -1, at: signedInAt });
    assert.deepEqual(parseCredential(older), { status: "corrupt" }, "there is no such version");
    const migrated = parseCredential(older, {
      [-1]: ({ at, ...record }) => ({ ...record, since: at }),
      0: ({ since, ...record }) => ({ ...record, signedInAt: since }),
    });
    assert.deepEqual(migrated, { status: "found", credential: { ...rest, version: 1, signedInAt } });
  });
});
