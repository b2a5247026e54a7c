import assert from "node:assert/strict";
import { remember } from "../../../src/platform/remember.ts";

describe("A remembered value", () => {
  it("is made once, for all callers", async () => {
    let made = 0;
    const remembered = remember(async () => {
      made += 1;
      return made;
    });
    assert.equal(remembered.current, undefined);
    assert.deepEqual(await Promise.all([remembered.get(), remembered.get()]), [1, 1]);
    assert.equal(await remembered.get(), 1);
    assert.equal(await remembered.current, 1);
  });

  it("is no failure: all callers get it, and the next one tries again", async () => {
    let tries = 0;
    const remembered = remember((): Promise<string> => {
      tries += 1;
      if (tries === 1) throw new Error("thrown");
      return tries === 2 ? Promise.reject(new Error("rejected")) : Promise.resolve("made");
    });
    const [one, other] = [remembered.get(), remembered.get()];
    await assert.rejects(one, /thrown/);
    await assert.rejects(other, /thrown/);
    assert.equal(remembered.current, undefined);
    await assert.rejects(remembered.get(), /rejected/);
    assert.equal(await remembered.get(), "made");
    assert.equal(tries, 3);
  });

  it("can be made again in the handler of a failure", async () => {
    let tries = 0;
    const remembered = remember(async () => {
      tries += 1;
      if (tries === 1) throw new Error("once");
      return tries;
    });
    assert.equal(await remembered.get().catch(() => remembered.get()), 2);
  });
});
