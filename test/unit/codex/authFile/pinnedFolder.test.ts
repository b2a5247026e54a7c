import assert from "node:assert/strict";
import { mkdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pinFolder } from "../../../../src/codex/authFile/pinnedFolder.ts";
import { fingerprintOf } from "../../../../src/codex/authFile/read.ts";
import { removeFile } from "../../../../src/codex/authFile/replace.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

describe("a folder that is held open", () => {
  const folder = temporaryFolder();
  const place = () => join(folder(), "place");

  // Elsewhere a folder cannot be reached by its handle.
  const onLinux = process.platform === "linux" ? it : () => {};
  onLinux("is the one that was opened, whatever takes its place", async () => {
    await mkdir(place());
    const pinned = await pinFolder(place(), new Set());
    await rename(place(), join(folder(), "moved"));
    await mkdir(place());
    await writeFile(join(pinned.path, "file"), "");
    await stat(join(folder(), "moved", "file"));
    await pinned.close();
  });

  onLinux("is none where a part of the way to it has become a link since it was looked at", async () => {
    await mkdir(join(folder(), "ours", "place"), { recursive: true });
    await symlink(join(folder(), "ours"), join(folder(), "theirs"));
    await assert.rejects(pinFolder(join(folder(), "theirs", "place"), new Set()), { code: "EACCES" });
  });

  if (process.getuid?.() === 0) {
    it("is none for root where a link, or a file, has taken its place since it was looked at", async () => {
      await mkdir(join(folder(), "ours"));
      for (const take of [() => symlink(join(folder(), "ours"), place()), () => writeFile(place(), "")]) {
        await take();
        await assert.rejects(pinFolder(place(), new Set()));
        await rm(place());
      }
    });
  }

  if (process.getuid?.() === 0) {
    it("is none for root where a link has taken its place, also where a folder has no path but its name", async () => {
      await mkdir(join(folder(), "ours"));
      await symlink(join(folder(), "ours"), place());
      const { platform } = process;
      Object.defineProperty(process, "platform", { value: "darwin" });
      try {
        await assert.rejects(pinFolder(place(), new Set()));
      } finally {
        Object.defineProperty(process, "platform", { value: platform });
      }
    });
  }

  it("that has gone holds no file any more", async () => {
    assert.deepEqual(await removeFile(join(place(), "auth.json"), fingerprintOf("")), { status: "removed" });
  });
});
