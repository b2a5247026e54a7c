import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { BrowserSecrets, day, is } from "./fixture.ts";

describe("Windows on the web whose browser has lost a mark, or whose clock was set", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let browser: BrowserSecrets;
  let now: number;
  beforeEach(() => {
    folder = temporaryDirectory();
    browser = new BrowserSecrets();
    now = 1_000 * day;
  });
  afterEach(() => folder.remove());

  const open = async (raw = browser.load(), loadedAt = now) => {
    const window = new CachedSecrets(raw, folder.path, { loadedAt, now: () => now });
    await window.assertCurrent().catch(() => {});
    now += 1;
    return window;
  };
  /** A window whose stores of some marks have no effect, counted from 1. */
  const openLosing = (...lost: number[]) => {
    const raw = browser.load();
    let stores = 0;
    const store = async (key: string, value: string) => {
      if (key === "storage") stores += 1;
      if (key !== "storage" || !lost.includes(stores)) await raw.store(key, value);
    };
    return open({ ...raw, store });
  };
  const filesOf = async (ending: string) => (await readdir(folder.path)).filter((name) => name.endsWith(ending));

  for (const lost of [[1], [2], [3], [2, 3]]) {
    it(`can change something when they are loaded after that (lost: ${lost})`, async () => {
      const losing = await openLosing(...lost);
      await losing.store("one", "1");
      await losing.store("two", "2");
      const before = await open();
      await losing.store("three", "3");
      now += 1;
      const late = await open();
      await late.assertCurrent();
      await assert.rejects(before.store("before", "4"), is("staleWindow"));
      await late.store("late", "5");
      await assert.rejects(losing.store("four", "6"), is("staleWindow"));
      const last = await open();
      await last.store("last", "7");
      assert.deepEqual(
        await Promise.all(["one", "two", "three", "before", "late", "four"].map((key) => last.get(key))),
        [...["1", "2", "3", undefined, "5", undefined]],
      );
    });
  }

  it("can change something when a late write of a window that knew less has replaced everything", async () => {
    const one = await open();
    await one.store("one", "1");
    const old = browser.load();
    await one.store("one", "2");
    await old.store("old", "0");
    now += 1;
    const late = await open();
    await late.store("late", "3");
    await assert.rejects(one.store("one", "4"), is("staleWindow"));
    const last = await open();
    await last.assertCurrent();
    assert.equal(await last.get("late"), "3");
  });

  it("can change something when the clock was set back after that and before they were loaded", async () => {
    await (await openLosing(2)).store("one", "1");
    const losing = await openLosing(1);
    await losing.store("two", "2");
    now -= 400 * day;
    const late = await open();
    await late.store("late", "3");
    await assert.rejects(losing.store("three", "4"), is("staleWindow"));
    assert.deepEqual(await Promise.all(["one", "two", "late"].map((key) => late.get(key))), ["1", "2", "3"]);
  });

  it("cannot when the clock was set back after they were loaded: times say nothing then", async () => {
    await (await open()).store("one", "1");
    const raw = browser.load();
    await (await open()).store("two", "2");
    now -= 400 * day;
    const window = await open(raw, Number.NEGATIVE_INFINITY);
    await assert.rejects(window.store("three", "3"), is("staleWindow"));
  });

  it("see a change that another window has begun since, also where the clock was set back between", async () => {
    await (await open()).store("one", "1");
    const [window, raw] = [await open(), browser.load()];
    now -= 400 * day;
    const begun = Promise.withResolvers<void>();
    const store = () => {
      begun.resolve();
      return new Promise<void>(() => {});
    };
    void (await open({ ...raw, store })).store("two", "2").catch(() => {});
    await begun.promise;
    await assert.rejects(window.store("three", "3"), is("staleWindow"));
  });

  it("are not stopped by a claim of which only the name was written before they were loaded", async () => {
    const first = await open();
    await first.store("one", "1");
    const [count = ""] = await filesOf(".json");
    const claim = join(folder.path, count.replace(".json", "-2.claim"));
    await writeFile(claim, "");
    await assert.rejects(first.store("one", "2"), is("staleWindow"));
    // Files have the time of this computer.
    now = Date.now() + day;
    const late = await open();
    await late.store("late", "3");
    assert.deepEqual(await filesOf(".claim"), []);
  });
});
