import assert from "node:assert/strict";
import { SharedWork } from "../../../src/platform/sharedWork.ts";

describe("Shared work", () => {
  it("is done once for everybody who asks while it is under way, and again for who asks later", async () => {
    const work = new SharedWork<number>();
    let count = 0;
    const start = async () => {
      count += 1;
      return count;
    };
    assert.deepEqual(await Promise.all([work.run("a", start), work.run("a", start), work.run("b", start)]), [1, 1, 2]);
    assert.equal(await work.run("a", start), 3);
  });

  it("is not remembered when it fails", async () => {
    const work = new SharedWork<string>();
    await assert.rejects(
      work.run("a", () => Promise.reject(new Error("no"))),
      /^Error: no$/,
    );
    assert.equal(await work.run("a", async () => "yes"), "yes");
  });

  it("that is forgotten ends for who waits for it, and does not end what was started after it", async () => {
    const work = new SharedWork<string>();
    const [old, next] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const first = work.run("a", () => old.promise);
    work.forget();
    const second = work.run("a", () => next.promise);
    old.resolve("old");
    assert.equal(await first, "old");
    const third = work.run("a", async () => "third");
    next.resolve("next");
    assert.deepEqual(await Promise.all([second, third]), ["next", "next"]);
  });
});
