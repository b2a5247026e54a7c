import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StorageMarks } from "../../../src/account/storageMarks.ts";
import { limitNoteFiles } from "../../../src/platform/noteFiles.ts";
import { NoAnswer } from "../../../src/platform/timeLimit.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";

describe("The count of a browser's changes", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    folder = temporaryDirectory();
  });
  afterEach(() => folder.remove());

  const id = "0123456789abcdef";
  const file = () => join(folder.path, `storage-${id}.json`);
  const read = async () => JSON.parse(await readFile(file(), "utf8"));

  it("stays as it is where it cannot be read", async () => {
    await new StorageMarks(folder.path).publish({ id, generation: 7 }, { at: 1, begunAt: 1 });
    const before = await read();
    const silent = { ...limitNoteFiles(), read: () => Promise.reject(new NoAnswer()) };
    const marks = new StorageMarks(folder.path, silent);
    await assert.rejects(marks.publish({ id, generation: 3 }, { at: 2, begunAt: 2 }), NoAnswer);
    assert.deepEqual(await read(), before);
    assert.equal(await marks.published(id), undefined);
  });

  it("begins where there is none, or a damaged one", async () => {
    const marks = new StorageMarks(folder.path);
    await marks.publish({ id, generation: 3 }, { at: 2, begunAt: 2 });
    assert.equal((await read()).generation, 3);
    await rm(file());
    await writeFile(file(), "{");
    await marks.publish({ id, generation: 4 }, { at: 2, begunAt: 2 });
    assert.equal((await read()).generation, 4);
  });
});
