import assert from "node:assert/strict";
import { Disposables } from "../../../src/platform/disposables.ts";

describe("Disposables", () => {
  let list: Disposables;
  let disposed: string[];
  const item = (name: string) => ({ name, dispose: () => void disposed.push(name) });
  const failing = (name: string) => ({
    dispose() {
      disposed.push(name);
      throw new Error(name);
    },
  });
  beforeEach(() => {
    list = new Disposables();
    disposed = [];
  });

  it("return what is added", () => {
    assert.equal(list.add(item("one")).name, "one");
    assert.deepEqual(disposed, []);
  });

  it("are disposed once, the last one first", () => {
    for (const name of ["one", "two", "three"]) list.add(item(name));
    list.dispose();
    list.dispose();
    assert.deepEqual(disposed, ["three", "two", "one"]);
  });

  it("dispose at once what is added late", () => {
    list.dispose();
    list.add(item("late"));
    assert.deepEqual(disposed, ["late"]);
  });

  it("dispose what is added while they are disposed", () => {
    list.add({ dispose: () => void list.add(item("late")) });
    list.dispose();
    assert.deepEqual(disposed, ["late"]);
  });

  it("dispose the rest when some fail, and throw the first failure", () => {
    list.add(item("one"));
    list.add(failing("two"));
    list.add(failing("three"));
    list.add(item("four"));
    assert.throws(() => list.dispose(), /^Error: three$/);
    assert.deepEqual(disposed, ["four", "three", "two", "one"]);
    list.dispose();
  });
});
