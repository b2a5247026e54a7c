import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { BrowserSecrets, createFixture, credentialOf, day, type Fixture, is } from "./fixture.ts";

describe("Windows on the web, which see the secrets as they were when their page was loaded", () => {
  let fixture: Fixture;
  let browser: BrowserSecrets;
  let one: AccountFixture;
  let other: AccountFixture;

  beforeEach(async () => {
    fixture = await createFixture();
    browser = new BrowserSecrets();
    const first = browser.open(fixture);
    await first.accounts.storeSignIn(await fixture.credential());
    one = browser.open(fixture);
    other = browser.open(fixture);
    await Promise.all([one.accounts.load(), other.accounts.load()]);
  });
  afterEach(() => fixture.dispose());

  const refreshes = () => fixture.issuer.recordsOf("refresh").length;
  const reload = async () => {
    const window = browser.open(fixture);
    await window.accounts.load();
    return window;
  };

  it("cannot use a refresh token that another one has used: they ask for a reload, which helps", async () => {
    fixture.clock.jump(11 * day);
    const bearer = (await one.source.get("chatgpt")).bearer;
    await assert.rejects(other.source.get("chatgpt"), is("staleWindow"));
    assert.equal(refreshes(), 1);
    assert.equal(other.accounts.state.active?.rejected, undefined, "the account is not given up for it");
    assert.equal((await (await reload()).source.get("chatgpt")).bearer, bearer);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });

  it("that ask together make one refresh, and nobody is signed out", async () => {
    fixture.clock.jump(11 * day);
    const windows = [one, other, ...(await Promise.all(Array.from({ length: 6 }, reload)))];
    const answers = await Promise.allSettled(windows.map(({ source }) => source.get("chatgpt")));
    const problems = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    assert.equal(refreshes(), 1);
    assert.equal(problems.length, windows.length - 1);
    for (const problem of problems) assert.ok(isProblem(problem, "staleWindow"));
    assert.equal((await reload()).accounts.state.active?.rejected, undefined);
  });

  it("cannot restore the old secrets", async () => {
    await one.refresher.refresh(credentialOf(one));
    await assert.rejects(other.ownKey.set("sk-own-key-0001", true), is("staleWindow"));
    await assert.rejects(other.accounts.storeSignIn(await fixture.credential("team@example.com")), is("staleWindow"));
    await assert.rejects(other.signOutAccount(other.accounts.state.active?.id ?? ""), is("staleWindow"));
    const next = await reload();
    assert.equal(credentialOf(next).sequence, 1);
    await next.ownKey.set("sk-own-key-0001", true);
  });

  it("use a token that is still good although another one has changed something", async () => {
    await one.refresher.refresh(credentialOf(one));
    assert.equal((await other.source.get("chatgpt")).bearer, credentialOf(other).tokens.accessToken);
  });

  it("of another browser are not concerned", async () => {
    const elsewhere = new BrowserSecrets().open(fixture);
    fixture.clock.jump(1);
    await elsewhere.accounts.storeSignIn(await fixture.credential());
    fixture.clock.jump(11 * day);
    await Promise.all([elsewhere.source.get("chatgpt"), one.source.get("chatgpt")]);
    assert.equal(refreshes(), 2);
    await elsewhere.ownKey.set("sk-own-key-0001", true);
    await one.ownKey.set("sk-own-key-0002", true);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
  });
});

describe("Windows on the web that were loaded before anything was stored", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let browser: BrowserSecrets;
  let now: number;
  beforeEach(() => {
    folder = temporaryDirectory();
    browser = new BrowserSecrets();
    now = 1_000_000;
  });
  afterEach(() => folder.remove());

  /** A window that is loaded now. */
  const open = async (of = browser, raw = of.load()) => {
    const window = new CachedSecrets(raw, folder.path, { now: () => now });
    await window.assertCurrent();
    return window;
  };

  it("do not undo each other's first change", async () => {
    const [one, other] = [await open(), await open()];
    await one.store("one", "1");
    await assert.rejects(other.store("other", "2"), is("staleWindow"));
    await assert.rejects(other.delete("one"), is("staleWindow"));
    await assert.rejects(other.assertCurrent(), is("staleWindow"));
    const late = await open();
    assert.equal(await late.get("one"), "1");
    await late.store("late", "3");
    await assert.rejects(one.store("one", "4"), is("staleWindow"));
    const last = await open();
    assert.deepEqual([await last.get("one"), await last.get("late"), await last.get("other")], ["1", "3", undefined]);
  });

  it("that change something at the same moment lose nothing that was stored: at most one of them is told so", async () => {
    const [one, other] = [await open(), await open()];
    const outcomes = await Promise.allSettled([one.store("one", "1"), other.store("other", "2")]);
    const stored = outcomes.flatMap(({ status }, position) => (status === "fulfilled" ? [`${position + 1}`] : []));
    assert.ok(stored.length <= 1);
    now += 1;
    const late = await open();
    const values = [await late.get("one"), await late.get("other")].filter((value) => value !== undefined);
    assert.deepEqual(values, stored);
    await late.store("late", "3");
  });

  it("of another browser ask for a reload once, which helps", async () => {
    const elsewhere = new BrowserSecrets();
    const before = await open(elsewhere);
    await (await open()).store("one", "1");
    await assert.rejects(before.store("other", "2"), is("staleWindow"));
    now += 1;
    await (await open(elsewhere)).store("other", "2");
    await (await open()).store("one", "2");
  });

  for (const isStored of [false, true]) {
    const what = isStored ? "although it is stored" : "and is not stored";
    it(`are not stopped by their own count when its first store is reported as failed, ${what}`, async () => {
      const raw = browser.load();
      let failures = 2;
      const store = async (key: string, value: string) => {
        const fails = failures > 0;
        failures -= 1;
        if (isStored || !fails) await raw.store(key, value);
        if (fails) throw new Error("no");
      };
      const window = await open(browser, { ...raw, store });
      await assert.rejects(window.store("one", "1"), /no/);
      await window.assertCurrent();
      await assert.rejects(window.store("one", "1"), /no/);
      const other = await open();
      await window.store("one", "1");
      await assert.rejects(other.store("other", "2"), is("staleWindow"));
      now += 1;
      const late = await open();
      assert.equal(await late.get("one"), "1");
      await late.store("late", "3");
      assert.equal((await readdir(folder.path)).length, 1);
    });
  }

  it("are told so, too, when their extensions started after that and their page was loaded before", async () => {
    const raw = browser.load();
    now += 1_000;
    await (await open()).store("one", "1");
    const late = new CachedSecrets(raw, folder.path, { loadedAt: now - 500, now: () => now });
    await assert.rejects(late.store("other", "2"), is("staleWindow"));
  });
});

describe("Windows on the web that change something at the same moment, or are ended while they do", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let browser: BrowserSecrets;
  let now: number;
  beforeEach(async () => {
    folder = temporaryDirectory();
    browser = new BrowserSecrets();
    now = 1_000_000;
    await (await open()).store("first", "0");
    now += 1;
  });
  afterEach(() => folder.remove());

  const open = async (raw = browser.load()) => {
    const window = new CachedSecrets(raw, folder.path, { now: () => now });
    await window.assertCurrent();
    now += 1;
    return window;
  };
  /** A window that is ended instead of its next store, or just after it. */
  const openToEnd = async (key: string, when: "before" | "after") => {
    const raw = browser.load();
    const endless = new Promise<void>(() => {});
    const ended = Promise.withResolvers<void>();
    const store = async (name: string, value: string) => {
      if (name === key && when === "after") await raw.store(name, value);
      if (name !== key) return raw.store(name, value);
      ended.resolve();
      return endless;
    };
    return { window: await open({ ...raw, store }), ended: ended.promise };
  };

  it("lose nothing that was stored: one is told to reload", async () => {
    const windows = [await open(), await open(), await open()];
    const outcomes = await Promise.allSettled(windows.map((window, position) => window.store(`${position}`, "new")));
    const stored = outcomes.flatMap(({ status }, position) => (status === "fulfilled" ? [`${position}`] : []));
    assert.equal(stored.length, 1);
    const late = await open();
    for (const name of ["0", "1", "2"]) assert.equal(await late.get(name), stored.includes(name) ? "new" : undefined);
    assert.equal(await late.get("first"), "0");
  });

  for (const [key, when] of [
    ["storage", "before"],
    ["storage", "after"],
    ["one", "before"],
    ["one", "after"],
  ] as const) {
    it(`cost no other window a change when one ends ${when} the store of “${key}”`, async () => {
      const other = await open();
      const { window, ended } = await openToEnd(key, when);
      void window.store("one", "1").catch(() => {});
      await ended;
      await assert.rejects(other.store("other", "2"), is("staleWindow"));
      now += 1;
      const late = await open();
      const expected = key === "one" && when === "after" ? "1" : undefined;
      assert.equal(await late.get("one"), expected);
      const later = await open();
      await late.store("late", "3");
      await assert.rejects(later.store("later", "4"), is("staleWindow"));
      const last = await open();
      await last.store("last", "5");
      assert.deepEqual(await Promise.all(["first", "one", "late", "last"].map((name) => last.get(name))), [
        ...["0", expected, "3", "5"],
      ]);
    });
  }

  it("tell others of a count that was stored although the change itself failed", async () => {
    const raw = browser.load();
    const window = await open({
      ...raw,
      store: (key, value) => (key === "one" ? Promise.reject(new Error("no")) : raw.store(key, value)),
    });
    const other = await open();
    await assert.rejects(window.store("one", "1"));
    await assert.rejects(other.store("other", "2"), is("staleWindow"));
    await window.store("two", "2");
    const late = await open();
    assert.deepEqual([await late.get("two"), await late.get("other")], ["2", undefined]);
  });

  it("do not take themselves for current when the count has vanished from the folder; a reload helps", async () => {
    const [one, other] = [await open(), await open()];
    await other.store("other", "1");
    for (const name of await readdir(folder.path)) await rm(join(folder.path, name));
    await assert.rejects(one.store("one", "2"), is("staleWindow"));
    const late = await open();
    await late.store("late", "3");
    await assert.rejects(other.store("other", "4"), is("staleWindow"));
    const last = await open();
    assert.deepEqual(await Promise.all(["one", "other", "late"].map((name) => last.get(name))), [undefined, "1", "3"]);
  });

  it("leave nothing behind in the folder but the count", async () => {
    const window = await open();
    for (const key of ["one", "two", "three"]) await window.store(key, "1");
    const names = await readdir(folder.path);
    assert.deepEqual(
      names.map((name) => name.replace(/[0-9a-f]{16}/, "id")),
      ["storage-id.json"],
    );
  });
});

describe("The mark of a browser's secrets", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  for (const misbehaviour of ["nothing", "older"] as const) {
    it(`that reads as ${misbehaviour} does not make an old copy current, nor start a new count`, async () => {
      const raw = new MemorySecrets({ reliable: true });
      const cached = new CachedSecrets(raw, fixture.folder);
      await cached.store("one", "1");
      await cached.store("two", "2");
      const { id } = JSON.parse(raw.values.get("storage") ?? "");
      raw.script("get", "storage", ...Array.from({ length: 60 }, () => misbehaviour));
      await cached.store("three", "3");
      await cached.assertCurrent();
      assert.deepEqual(JSON.parse(raw.values.get("storage") ?? ""), { id, generation: 3 });
    });
  }
});
