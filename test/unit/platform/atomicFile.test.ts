import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileCalls, writeFileAtomically } from "../../../src/platform/atomicFile.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";

describe("writeFileAtomically", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let file: string;
  beforeEach(() => {
    folder = temporaryDirectory();
    file = join(folder.path, "file");
  });
  afterEach(() => folder.remove());

  it("creates the file, for its owner alone, and leaves nothing else", async () => {
    await writeFileAtomically(file, "text");
    assert.equal(await readFile(file, "utf8"), "text");
    if (process.platform !== "win32") assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder.path), ["file"]);
  });

  it("creates the folders above it", async () => {
    await writeFileAtomically(join(folder.path, "new", "deeper", "file"), "text");
    assert.equal(await readFile(join(folder.path, "new", "deeper", "file"), "utf8"), "text");
  });

  it("replaces an older file and takes other people's access to it away", async () => {
    await writeFile(file, "old");
    await chmod(file, 0o644);
    await writeFileAtomically(file, "new");
    assert.equal(await readFile(file, "utf8"), "new");
    if (process.platform !== "win32") assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it("never shows half a text, however many write at once", async () => {
    const texts = Array.from({ length: 10 }, (_, index) => String(index).repeat(100_000));
    await writeFileAtomically(file, texts[0] ?? "");
    const writing = Promise.all(texts.map((text) => writeFileAtomically(file, text)));
    let done = false;
    void writing.finally(() => {
      done = true;
    });
    while (!done) assert.ok(texts.includes(await readFile(file, "utf8")));
    await writing;
    assert.deepEqual(await readdir(folder.path), ["file"]);
  });

  it("throws the system's error where it cannot write, and leaves nothing behind", async () => {
    // A folder cannot be replaced by a file.
    await mkdir(join(file, "inside"), { recursive: true });
    await assert.rejects(writeFileAtomically(file, "text"), { code: /^E(ISDIR|PERM|EXIST|NOTEMPTY)$/ });
    assert.deepEqual(await readdir(folder.path), ["file"]);
    await writeFile(join(folder.path, "plain"), "");
    await assert.rejects(writeFileAtomically(join(folder.path, "plain", "file"), "text"), {
      code: /^E(NOTDIR|NOENT|EXIST)$/,
    });
  });

  const systemCalls: FileCalls = {
    write: (path, text) => writeFile(path, text, { mode: 0o600 }),
    mkdirs: async (path) => void (await mkdir(path, { recursive: true })),
    rename: (from, to) => rename(from, to),
    remove: (path) => rm(path, { force: true }),
  };
  const systemError = (code: string) => Object.assign(new Error("failed"), { code });

  it("replaces a file that Windows does not let go at once", async () => {
    await writeFile(file, "old");
    let refusals = 3;
    const calls: FileCalls = {
      ...systemCalls,
      async rename(from, to) {
        refusals -= 1;
        if (refusals >= 0) throw systemError("EPERM");
        await rename(from, to);
      },
    };
    await writeFileAtomically(file, "new", { calls });
    assert.equal(await readFile(file, "utf8"), "new");
    assert.deepEqual(await readdir(folder.path), ["file"]);
  });

  it("throws the first error, not that of cleaning up", async () => {
    for (const code of ["EIO", "ENOSPC", "EROFS", "ESTALE", "EACCES"]) {
      const fail = () => Promise.reject(systemError(code));
      const remove = () => Promise.reject(systemError("EBADF"));
      for (const calls of [
        { ...systemCalls, write: fail, remove },
        { ...systemCalls, rename: fail, remove },
      ]) {
        await assert.rejects(writeFileAtomically(file, "text", { calls }), { code });
      }
    }
  });

  it("ends where the file system does not answer, and a late answer changes nothing any more", async () => {
    await writeFile(file, "old");
    const answer = Promise.withResolvers<void>();
    const removed = Promise.withResolvers<void>();
    const calls: FileCalls = {
      ...systemCalls,
      async write(path, text) {
        await answer.promise;
        await systemCalls.write(path, text);
      },
      async remove(path) {
        await systemCalls.remove(path);
        removed.resolve();
      },
    };
    await assert.rejects(writeFileAtomically(file, "late", { calls, answerMs: 20 }), { code: "ETIMEDOUT" });
    await writeFileAtomically(file, "new");
    answer.resolve();
    await removed.promise;
    assert.equal(await readFile(file, "utf8"), "new");
    assert.deepEqual(await readdir(folder.path), ["file"]);
  });
});
