import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../../../src/codex/authFile/replace.ts";
import { systemCalls } from "../../../../src/codex/authFile/temporaryFile.ts";
import { temporaryDirectory } from "../../../support/cleanUp.ts";

describe("The temporary file of a login", () => {
  it("is its owner's alone from its creation, and is never an existing one", async () => {
    const folder = temporaryDirectory();
    const before = process.umask(0);
    const opened: unknown[] = [];
    try {
      const path = join(folder.path, "auth.json");
      const calls = {
        ...systemCalls,
        open: (async (...args: Parameters<typeof systemCalls.open>) => {
          opened.push(args.slice(1));
          const file = await systemCalls.open(...args);
          opened.push(((await file.stat()).mode & 0o777).toString(8));
          return file;
        }) as typeof systemCalls.open,
      };
      const result = await replaceFile(path, "login", "nothing", calls);
      assert.equal(result.status, "written");
      assert.deepEqual(opened[0], ["wx", 0o600]);
      assert.equal(await readFile(path, "utf8"), "login");
      assert.deepEqual(await readdir(folder.path), ["auth.json"]);
      if (process.platform === "win32") return;
      assert.equal(opened[1], "600");
      assert.equal(((await stat(path)).mode & 0o777).toString(8), "600");
    } finally {
      process.umask(before);
      await folder.remove();
    }
  });
});
