import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { filesBelow } from "../../support/filesBelow.ts";

describe("the files below a folder", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
    for (const name of ["a", "b", "c"]) {
      mkdirSync(join(folder.path, name, "deep"), { recursive: true });
      writeFileSync(join(folder.path, name, "deep", "file"), "");
    }
  });
  afterEach(() => folder.remove());

  it("are all there are", () => {
    assert.deepEqual(
      [...filesBelow(folder.path)].sort(),
      ["a", "b", "c"].map((name) => join(name, "deep", "file")),
    );
  });

  it("leave out a folder that is removed while they are read", () => {
    const names = filesBelow(folder.path);
    assert.equal(names.next().done, false);
    for (const name of ["a", "b", "c"]) rmSync(join(folder.path, name), { recursive: true });
    assert.deepEqual([...names], []);
  });

  it("are none without the folder", () => {
    assert.deepEqual([...filesBelow(join(folder.path, "none"))], []);
  });
});
