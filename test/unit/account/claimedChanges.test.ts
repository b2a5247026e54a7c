import assert from "node:assert/strict";
import { CachedSecrets } from "../../../src/account/cachedSecrets.ts";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { BrowserSecrets, is } from "./fixture.ts";

describe("A change that another window on the web has claimed and not made yet", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let browser: BrowserSecrets;
  let now: number;
  let makeChange: () => void;
  beforeEach(async () => {
    folder = temporaryDirectory();
    browser = new BrowserSecrets();
    now = 1_000_000;
    await open().store("first", "0");
    now += 1;
  });
  afterEach(() => folder.remove());

  const open = (raw = browser.load()) => new CachedSecrets(raw, folder.path, { now: () => now });

  /** Begins a change, which is made when `makeChange` is called. @returns the change, when it is claimed */
  async function claim(): Promise<{ change: Promise<void> }> {
    const raw = browser.load();
    const { promise: made, resolve } = Promise.withResolvers<void>();
    makeChange = resolve;
    const claimed = Promise.withResolvers<void>();
    const window = open({
      ...raw,
      async store(key, value) {
        claimed.resolve();
        await made;
        return raw.store(key, value);
      },
    });
    const change = window.store("one", "1");
    await claimed.promise;
    return { change };
  }

  it("keeps others from using what they have read, until they are loaded again", async () => {
    const other = open();
    await other.assertCurrent();
    now += 1;
    const { change } = await claim();
    await assert.rejects(other.assertCurrent(), is("staleWindow"));
    makeChange();
    await change;
    now += 1;
    await open().assertCurrent();
  });

  it("is not undone by one that has just looked and makes its own", async () => {
    const raw: SecretStorage = browser.load();
    let changes: Promise<{ change: Promise<void> }> | undefined;
    let looks = 0;
    const other = open({
      ...raw,
      async get(key) {
        // It looks twice: whether it is current, and for what it claims.
        looks += 1;
        if (looks === 2) {
          changes = claim();
          await changes;
        }
        return raw.get(key);
      },
    });
    await assert.rejects(other.store("other", "2"), is("staleWindow"));
    makeChange();
    await (await changes)?.change;
    const late = open();
    assert.deepEqual([await late.get("one"), await late.get("other")], ["1", undefined]);
  });
});
