import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createRefreshNotes } from "../../../src/account/refreshNotes.ts";
import { createSignInNotes } from "../../../src/account/signInNotes.ts";
import { createSpendingClaims } from "../../../src/account/spendingClaims.ts";
import { StorageMarks } from "../../../src/account/storageMarks.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("What windows leave in the folder that they share", () => {
  it("can be read by its owner alone", async () => {
    if (process.platform === "win32") return;
    const folder = temporaryDirectory();
    const before = process.umask(0);
    try {
      const owner = { id: "0123456789abcdef", signedInAt: 1 };
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      await createSpendingClaims(folder.path, new ManualClock(), log).take(owner, "aaaaaaaaaaaa");
      await createRefreshNotes(folder.path).write(owner, { sequence: 1, hash: "aaaaaaaaaaaa", at: 1 });
      await createSignInNotes(folder.path).add(owner);
      const marks = new StorageMarks(folder.path);
      await marks.publish({ id: "0123456789abcdef", generation: 1 }, { at: 1, begunAt: 1 });
      await marks.claim({ id: "0123456789abcdef", generation: 2 }, 1);
      const names = await readdir(folder.path);
      assert.equal(names.length, 5);
      for (const name of names) {
        assert.equal(((await stat(join(folder.path, name))).mode & 0o777).toString(8), "600", name);
      }
    } finally {
      process.umask(before);
      await folder.remove();
    }
  });
});
