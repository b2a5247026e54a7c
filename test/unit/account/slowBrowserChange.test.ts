import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import { KeyringSilent } from "../../../src/account/limitSecrets.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { BrowserSecrets, is } from "./fixture.ts";

describe("A window on the web whose change takes long", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  afterEach(() => folder.remove());

  for (const outcome of ["succeeds", "fails"]) {
    it(`does not hide a later one of another window, whether it ${outcome} at last`, async () => {
      const browser = new BrowserSecrets();
      let now = 1_000_000;
      const open = async (raw = browser.load()) => {
        const window = new CachedSecrets(raw, folder.path, { now: () => now });
        await window.assertCurrent();
        now += 1;
        return window;
      };
      await (await open()).store("first", "0");
      const raw = browser.load();
      const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow = await open({
        ...raw,
        async store(key, value) {
          await raw.store(key, value);
          if (key !== "slow") return;
          begun.resolve();
          await over.promise;
        },
      });
      const change = slow.store("slow", "1");
      await begun.promise;
      now += 1;
      const later = await open();
      await later.store("later", "2");
      if (outcome === "fails") over.reject(new Error("the keyring was locked"));
      else over.resolve();
      await change.catch(() => {});
      await assert.rejects(slow.store("more", "3"), is("staleWindow"));
      await later.store("later", "4");
      const last = await open();
      assert.deepEqual(await Promise.all(["slow", "later", "more"].map((key) => last.get(key))), ["1", "4", undefined]);
      assert.equal((await readdir(folder.path)).length, 1, "no claim is left");
    });
  }

  it("does not take back what others have stored since, when the store of its first count was given up and comes late", async () => {
    const browser = new BrowserSecrets();
    const raw = browser.load();
    const [landing, landed, answering] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    let stores = 0;
    const slow = new CachedSecrets(
      {
        ...raw,
        async store(key, value) {
          stores += 1;
          if (stores > 1) return raw.store(key, value);
          await landing.promise;
          await raw.store(key, value);
          landed.resolve();
          await answering.promise;
        },
      },
      folder.path,
      { limits: { writeMs: 20 } },
    );
    const silent: unknown = await slow.store("first", "0").catch((error: unknown) => error);
    assert.ok(silent instanceof KeyringSilent);
    await slow.store("first", "1");
    landing.resolve();
    await landed.promise;
    const later = new CachedSecrets(browser.load(), folder.path);
    await later.store("later", "2");
    answering.resolve();
    await silent.late;
    assert.equal(await browser.load().get("later"), "2");
    await assert.rejects(slow.store("first", "3"), is("staleWindow"));
    await later.store("later", "4");
    assert.deepEqual(await Promise.all(["first", "later"].map((key) => browser.load().get(key))), ["1", "4"]);
  });
});
