import assert from "node:assert/strict";
import { chmod, chown, link, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileSystemCalls } from "../../../../src/codex/authFile/temporaryFile.ts";
import {
  exportAuthFile,
  type ReplacedFile,
  replacedFile,
  restoreAuthFile,
} from "../../../../src/codex/authFile/write.ts";
import { canary, tokens } from "./authTexts.ts";
import { unprivileged } from "./unprivileged.ts";
import { failing, fault, login, old, readOf, useAuthFile } from "./writeFixture.ts";

describe("writing auth.json", () => {
  const { folder, path, text, mode } = useAuthFile();

  describe("exported", () => {
    it("writes what the Codex CLI writes, 0600, and makes the folder", async () => {
      const file = join(folder(), "new", ".codex", "auth.json");
      const result = await exportAuthFile(file, login, undefined, 0);
      assert.ok(result.status === "written" && result.backup === undefined);
      assert.deepEqual(JSON.parse(await text(file)), {
        auth_mode: "chatgpt",
        OPENAI_API_KEY: null,
        tokens: { ...tokens, account_id: "acc-ours" },
        last_refresh: "2026-09-21T14:13:20.000Z",
      });
      assert.equal(await mode(file), 0o600);
      assert.equal(await mode(join(folder(), "new", ".codex")), 0o700);
      assert.deepEqual(await readdir(join(folder(), "new", ".codex")), ["auth.json"]);
    });

    it("has a time that the Codex CLI can read, whatever a record says", async () => {
      const now = Date.UTC(2026, 10, 26);
      for (const refreshedAt of [1e300, -1e300, 8.64e15, 8.64e15 + 1, Number.NaN, 0]) {
        const file = join(folder(), `${refreshedAt}.json`);
        assert.equal((await exportAuthFile(file, { ...login, refreshedAt }, undefined, now)).status, "written");
        assert.equal(JSON.parse(await text(file)).last_refresh, "2026-11-26T00:00:00.000Z");
      }
    });

    it("is indented by two spaces, as the Codex CLI's own, and never holds a key", async () => {
      // What a caller may still have beside a login: a key would put older CLIs into API-key mode.
      const withKey = { ...login, apiKey: canary.key };
      await exportAuthFile(path(), withKey, undefined, 0);
      const lines = (await text()).split("\n");
      assert.deepEqual([lines[0], lines[1], lines[2]], ["{", '  "auth_mode": "chatgpt",', '  "OPENAI_API_KEY": null,']);
      assert.ok(lines.includes(`    "refresh_token": "${canary.refresh}",`), lines.join("\n"));
      assert.equal(lines.at(-1), "}");
    });

    it("says that it cannot make the folder", async () => {
      await writeFile(join(folder(), "file"), "");
      const result = await exportAuthFile(join(folder(), "file", "auth.json"), login, undefined, 0);
      assert.deepEqual(result, { status: "failed", reason: "other" });
    });

    it("never replaces a file that it was not shown", async () => {
      await writeFile(path(), "x");
      assert.deepEqual(await exportAuthFile(path(), login, undefined, 0), { status: "exists" });
      const read = await readOf(path());
      await writeFile(path(), "y");
      assert.deepEqual(await exportAuthFile(path(), login, read, 0), { status: "changed" });
      assert.equal(await text(), "y");
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    it("does not replace a file that appears at the last moment", async () => {
      const calls: FileSystemCalls = {
        open,
        rename,
        link: async (from, to) => {
          await writeFile(to, "by the CLI");
          return link(from, to);
        },
      };
      assert.deepEqual(await exportAuthFile(path(), login, undefined, 0, calls), { status: "exists" });
      assert.equal(await text(), "by the CLI");
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    it("works where there are no hard links", async () => {
      const result = await exportAuthFile(path(), login, undefined, 0, { open, rename, link: () => fault("EPERM") });
      assert.equal(result.status, "written");
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    it("keeps a 0600 backup of what it replaces, and nothing of the old login in the new file", async () => {
      await writeFile(path(), old, { mode: 0o644 });
      const result = await exportAuthFile(path(), login, await readOf(path()), Date.UTC(2026, 10, 22, 3, 4, 5, 6));
      assert.ok(result.status === "written" && result.backup);
      assert.equal(result.backup, `${path()}.backup-20261122T030405006Z`);
      assert.equal(await text(result.backup), old);
      assert.equal(await mode(result.backup), 0o600);
      assert.deepEqual(Object.keys(JSON.parse(await text()).tokens), Object.keys(tokens));
      assert.equal(await mode(), 0o600);
    });

    it("replaces nothing when the backup cannot be made, and keeps no backup of what it did not replace", async () => {
      await writeFile(path(), old);
      const read = await readOf(path());
      const full = await exportAuthFile(path(), login, read, 0, { open: failing("writeFile", "ENOSPC"), rename, link });
      assert.deepEqual(full, { status: "failed", reason: "noSpace" });
      const stuck = await exportAuthFile(path(), login, read, 0, { open, link, rename: () => fault("EROFS") });
      assert.deepEqual(stuck, { status: "failed", reason: "readOnly" });
      assert.equal(await text(), old);
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    it("keeps the backup when it failed and the file that it is of has gone", async () => {
      await writeFile(path(), old);
      const calls: FileSystemCalls = {
        open,
        link,
        rename: async (_from, to) => {
          await rm(to);
          throw new Error("the disk is gone");
        },
      };
      assert.equal((await exportAuthFile(path(), login, await readOf(path()), 0, calls)).status, "failed");
      const [backup = "", ...others] = await readdir(folder());
      assert.deepEqual([await text(join(folder(), backup)), others], [old, []]);
    });
  });

  describe("taken back", () => {
    const back = async (replaced: ReplacedFile | undefined) => restoreAuthFile(path(), await readOf(path()), replaced);

    it("leaves the file that was replaced, bytes, mode and owner, and no backup", async () => {
      await writeFile(path(), `\uFEFF${old}\r\n`);
      await chmod(path(), 0o640);
      if (process.getuid?.() === 0) await chown(path(), 65534, 65533);
      const before = await stat(path());
      const bytes = await readFile(path());
      const replaced = await replacedFile(await readOf(path()), 0);
      assert.ok(replaced);
      assert.equal((await exportAuthFile(path(), login, await readOf(path()), 0)).status, "written");
      assert.equal((await stat(replaced.backup)).uid, before.uid);
      assert.deepEqual(await back(replaced), { status: "restored" });
      const after = await stat(path());
      assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid]);
      assert.deepEqual(await readFile(path()), bytes);
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    it("puts the replaced file back where the Codex CLI has deleted ours", async () => {
      await writeFile(path(), old);
      const replaced = await replacedFile(await readOf(path()), 0);
      await exportAuthFile(path(), login, await readOf(path()), 0);
      await rm(path());
      assert.deepEqual(await restoreAuthFile(path(), "nothing", replaced), { status: "restored" });
      assert.equal(await text(), old);
    });

    it("leaves no file where there was none", async () => {
      await exportAuthFile(path(), login, undefined, 0);
      assert.deepEqual(await back(undefined), { status: "restored" });
      assert.deepEqual(await readdir(folder()), []);
    });

    it("knows nothing of a file that is not the one that was read any more", async () => {
      await writeFile(path(), old);
      const read = await readOf(path());
      assert.ok(await replacedFile(read, 0));
      await writeFile(path(), "{}");
      assert.equal(await replacedFile(read, 0), undefined);
    });

    it("leaves a file that may not be written to any more", async () => {
      await exportAuthFile(path(), login, undefined, 0);
      await chmod(folder(), 0o777);
      await chmod(path(), 0o444);
      const found = await readOf(path());
      const result = await unprivileged(() => restoreAuthFile(path(), found, undefined));
      assert.deepEqual(result, { status: "failed", reason: "denied" });
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    for (const replace of [true, false]) {
      it(`leaves what somebody else has written since${replace ? ", and the backup" : ""}`, async () => {
        if (replace) await writeFile(path(), old);
        const read = replace ? await readOf(path()) : undefined;
        const replaced = read && (await replacedFile(read, 0));
        await exportAuthFile(path(), login, read, 0);
        const seen = await readOf(path());
        await writeFile(path(), "by the CLI");
        assert.deepEqual(await restoreAuthFile(path(), seen, replaced), { status: "changed" });
        assert.equal(await text(), "by the CLI");
        if (replaced) assert.equal(await text(replaced.backup), old);
      });
    }

    it("fails where the backup is not what was replaced any more, and leaves the file", async () => {
      await writeFile(path(), old);
      const replaced = await replacedFile(await readOf(path()), 0);
      assert.ok(replaced);
      await exportAuthFile(path(), login, await readOf(path()), 0);
      await writeFile(replaced.backup, "something else");
      const ours = await text();
      assert.deepEqual(await back(replaced), { status: "failed", reason: "other" });
      assert.equal(await text(), ours);
    });
  });
});
