import assert from "node:assert/strict";
import { mkdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isProblem } from "../../../src/shared/problem.ts";
import { createFixture, credentialOf, day, type Fixture, minute } from "./fixture.ts";

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

  it("show that a record is corrupt, and keep it aside when somebody signs in again", async () => {
    const key = await keyOfRecord();
    fixture.secrets.values.set(key, '{"version":1,"id":');
    const { accounts, signOutAccount } = await fixture.openLoaded();
    assert.equal(accounts.state.notice, "corrupt");
    assert.equal(accounts.state.accounts.length, 0);
    assert.equal(fixture.secrets.values.get(key), '{"version":1,"id":', "nothing is touched before");
    await accounts.storeSignIn(await fixture.credential());
    assert.equal(accounts.state.notice, undefined);
    assert.equal(fixture.secrets.values.get(`setAside.${key}`), '{"version":1,"id":');
    assert.equal((await fixture.openLoaded()).accounts.state.active?.email, "plus@example.com");
    await signOutAccount(accounts.state.active?.id ?? "");
    assert.ok(
      ![...fixture.secrets.values.keys()].some((name) => name.includes("credential")),
      "a sign-out leaves nothing",
    );
  });

  it("show that a record is of a newer version, and leave it to the version that can read it", async () => {
    const key = await keyOfRecord();
    const newer = '{"version":3,"sealed":true}';
    fixture.secrets.values.set(key, newer);
    const { accounts } = await fixture.openLoaded();
    assert.equal(accounts.state.notice, "newer");
    await accounts.reload();
    assert.equal(fixture.secrets.values.get(key), newer);
    await accounts.storeSignIn(await fixture.credential());
    assert.equal(fixture.secrets.values.get(`setAside.${key}`), newer);
  });

  it("show that the index is corrupt or newer, and keep it aside", async () => {
    for (const [text, notice] of [
      ["[]", "corrupt"],
      ['{"version":2}', "newer"],
    ] as const) {
      fixture.secrets.values.set("accounts", text);
      const { accounts } = await fixture.openLoaded();
      assert.equal(accounts.state.notice, notice);
      await accounts.storeSignIn(await fixture.credential());
      assert.equal(accounts.state.notice, undefined);
      assert.equal(fixture.secrets.values.get("setAside.accounts"), text);
      assert.equal((await fixture.openLoaded()).accounts.state.accounts.length, 1);
    }
  });

  it("keep what could be read when one of them cannot", async () => {
    const key = await keyOfRecord();
    const { accounts } = await fixture.openLoaded();
    await accounts.storeSignIn(await fixture.credential("team@example.com"));
    fixture.secrets.values.set(key, "?");
    const window = await fixture.openLoaded();
    assert.equal(window.accounts.state.notice, "corrupt");
    assert.deepEqual(
      window.accounts.state.accounts.map(({ email }) => email),
      ["team@example.com"],
    );
  });

  it("that a keyring has kept in memory only are missed at the next start, once", async () => {
    await fixture.signedIn();
    fixture.secrets.values.clear();
    assert.equal((await fixture.openLoaded()).accounts.state.notice, "notKept");
    assert.equal((await fixture.openLoaded()).accounts.state.notice, undefined);
  });

  it("are not missed by a window that was there when another one signed out", async () => {
    const other = await fixture.signedIn();
    const { accounts } = await fixture.openLoaded();
    await other.signOutAccount(other.accounts.state.active?.id ?? "");
    // Windows hear of the secrets before they hear of the rest.
    await fixture.hint.set(true);
    await accounts.reload();
    assert.equal(accounts.state.notice, undefined);
    assert.equal(accounts.state.active, undefined);
    assert.equal((await fixture.openLoaded()).accounts.state.notice, undefined, "nor by one that starts then");
  });

  it("are adopted from another window, whatever it did, with one event", async () => {
    const [one, other] = [await fixture.signedIn(), await fixture.openLoaded()];
    const states: (string | undefined)[] = [];
    one.accounts.onDidChange(({ active }) => states.push(active?.email));
    await other.accounts.storeSignIn(await fixture.credential("team@example.com"));
    await Promise.all([one.accounts.reload(), one.accounts.reload()]);
    await one.accounts.reload();
    assert.deepEqual(states, ["team@example.com"]);
    await other.signOutAccount(other.accounts.state.active?.id ?? "");
    await one.accounts.reload();
    assert.deepEqual(states, ["team@example.com", "plus@example.com"]);
  });

  for (const name of ["account", "index"]) {
    it(`get a sign-in even where the lock of the ${name} is not released`, async () => {
      const credential = await fixture.credential();
      const held = join(fixture.folder, `${name === "index" ? "accounts-index" : credential.id}.lock`);
      await mkdir(held);
      let beats = 0;
      const heart = setInterval(() => {
        beats += 1;
        const time = new Date(Date.now() + beats);
        void utimes(held, time, time).catch(() => {});
      }, 20);
      try {
        const window = fixture.open({ lockTimes: { staleMs: 400, patienceMs: 600 } });
        await window.accounts.storeSignIn(credential);
        assert.equal(window.accounts.state.active?.email, "plus@example.com");
        assert.ok(window.lines.some((line) => line.includes("without a lock")));
        await assert.rejects(
          window.lock.hold(name === "index" ? "accounts-index" : credential.id, async () => {}),
          (error) => isProblem(error, "busyElsewhere"),
        );
      } finally {
        clearInterval(heart);
      }
      assert.equal((await fixture.openLoaded()).accounts.state.active?.email, "plus@example.com");
      await rm(held, { recursive: true });
    });
  }

  it("keep a sign-in that did not wait for a refresh of the earlier one", async () => {
    const window = await fixture.signedIn("plus@example.com", { lockTimes: { patienceMs: 50 } });
    fixture.clock.jump(minute);
    const later = await fixture.credential();
    fixture.issuer.faults.set("token", { kind: "slow", delayMs: 400, times: 1 });
    const refreshing = window.refresher.refresh(credentialOf(window));
    await fixture.issuer.waitForRecord("fault");
    await window.accounts.storeSignIn(later);
    assert.deepEqual((await refreshing).credential, later);
    assert.deepEqual(credentialOf(await fixture.openLoaded()), later);
  });

  it("get no record of an account that is not signed in", async () => {
    const { accounts, signOutAccount } = fixture.open();
    const credential = await fixture.credential();
    await assert.rejects(accounts.store(credential), (error) => isProblem(error, "notSignedIn"));
    assert.deepEqual([...fixture.secrets.values], []);
    await accounts.storeSignIn(credential);
    await signOutAccount(credential.id);
    const before = [...fixture.secrets.values];
    await assert.rejects(accounts.store(credential), (error) => isProblem(error, "notSignedIn"));
    assert.deepEqual([...fixture.secrets.values], before);
  });

  it("stay as they were when a store fails", async () => {
    const window = await fixture.signedIn();
    const before = [...fixture.secrets.values];
    const { state } = window.accounts;
    fixture.secrets.failingStores = 1;
    await assert.rejects(window.accounts.storeSignIn(await fixture.credential("team@example.com")), (error) =>
      isProblem(error, "saveFailed"),
    );
    assert.deepEqual([...fixture.secrets.values], before);
    assert.equal(window.accounts.state, state);
  });

  for (const back of [0, 30 * day]) {
    it(`take a later sign-in of the same person for the newer one with the clock ${back} ms behind`, async () => {
      const window = await fixture.signedIn();
      const other = fixture.open();
      const seen = window.accounts.entry()?.credential;
      assert.ok(seen);
      await window.refresher.refresh(seen);
      await window.refresher.settle();
      await other.accounts.load();
      fixture.clock.jump(-back);
      const later = await fixture.credential();
      await window.accounts.storeSignIn(later);
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
    it(`take a later sign-in for the newer one with the clock behind, even where the earlier record ${record}`, async () => {
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
      await other.accounts.storeSignIn(later);
      await window.accounts.reload();
      assert.ok(window.accounts.entry()?.credential.tokens.refreshToken === later.tokens.refreshToken);
    });
  }
});
