import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { BrowserSecrets, is } from "./fixture.ts";

describe("Windows on the web whose browser has lost how often its secrets were changed", () => {
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
    now += 1;
    const window = new CachedSecrets(raw, folder.path, { now: () => now });
    await window.assertCurrent();
    now += 1;
    return window;
  };
  /** A page of which the browser loses the next counts that it reports as stored. */
  const openLosing = async (times: number) => {
    const raw = browser.load();
    let left = times;
    const store = async (key: string, value: string) => {
      if (key !== "storage" || left === 0) return raw.store(key, value);
      left -= 1;
    };
    return open({ ...raw, store });
  };

  for (const times of [1, 3]) {
    it(`are not told to reload for ever when the browser has lost a count (${times} of them)`, async () => {
      const one = await openLosing(times);
      const before = await open();
      for (let change = 0; change < times; change += 1) await one.store("one", `${change}`);
      await assert.rejects(before.store("two", "2"), is("staleWindow"));
      const late = await open();
      await late.assertCurrent();
      assert.equal(await late.get("one"), `${times - 1}`);
      const beside = await open();
      await late.store("late", "3");
      await assert.rejects(one.store("one", "x"), is("staleWindow"));
      await assert.rejects(beside.store("two", "2"), is("staleWindow"));
      const last = await open();
      await last.store("last", "4");
      assert.deepEqual(await Promise.all(["one", "late", "last"].map((key) => last.get(key))), [
        ...[`${times - 1}`, "3", "4"],
      ]);
    });
  }

  it("reload when a count was published that an earlier build has not dated", async () => {
    const [name = ""] = (await readdir(folder.path)).filter((each) => each.endsWith(".json"));
    const published = JSON.parse(await readFile(join(folder.path, name), "utf8"));
    const { at: _at, ...undated } = { ...published, generation: published.generation + 1 };
    await writeFile(join(folder.path, name), JSON.stringify(undated));
    const raw = browser.load();
    await assert.rejects(open(raw), is("staleWindow"));
  });
});
