import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { chmod, link, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAuthFile } from "../../../../src/codex/authFile/parse.ts";
import type { FileSystemCalls } from "../../../../src/codex/authFile/temporaryFile.ts";
import { writeBackTokens } from "../../../../src/codex/authFile/write.ts";
import { unprivileged } from "./unprivileged.ts";
import { failing, fault, old, readOf, update, useAuthFile } from "./writeFixture.ts";

describe("writing auth.json, interrupted,", () => {
  const { folder, path, text, mode } = useAuthFile();

  const faults: readonly (readonly [string, string, (code: string) => Partial<FileSystemCalls>])[] = [
    ["the temporary file cannot be made", "EACCES", (code) => ({ open: () => fault(code) })],
    ["the disk is full while it is written", "ENOSPC", (code) => ({ open: failing("writeFile", code) })],
    ["the disk is full when it is synced", "EDQUOT", (code) => ({ open: failing("sync", code) })],
    ["it cannot be closed", "EIO", (code) => ({ open: failing("close", code) })],
    ["it cannot be renamed", "EROFS", (code) => ({ rename: () => fault(code) })],
  ];
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "denied",
    ENOSPC: "noSpace",
    EDQUOT: "noSpace",
    EIO: "other",
    EROFS: "readOnly",
  };
  for (const [name, code, make] of faults) {
    it(`leaves the old file, and nothing beside it, when ${name}`, async () => {
      await writeFile(path(), old);
      const result = await writeBackTokens(await readOf(path()), update, { open, rename, link, ...make(code) });
      assert.deepEqual(result, { status: "failed", reason: reasons[code] });
      assert.equal(await text(), old);
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });
  }

  it("leaves the old file in a folder that may not be written to", async () => {
    await writeFile(path(), old, { mode: 0o666 });
    await chmod(path(), 0o666);
    await chmod(folder(), 0o555);
    const result = await unprivileged(async () => writeBackTokens(await readOf(path()), update));
    await chmod(folder(), 0o755);
    assert.deepEqual(result, { status: "failed", reason: "denied" });
    assert.equal(await text(), old);
    assert.deepEqual(await readdir(folder()), ["auth.json"]);
  });

  it("leaves a file alone that may not be written to", async () => {
    await writeFile(path(), old);
    await chmod(path(), 0o444);
    await chmod(folder(), 0o777);
    const result = await unprivileged(async () => writeBackTokens(await readOf(path()), update));
    assert.deepEqual(result, { status: "failed", reason: "denied" });
    assert.equal(await text(), old);
  });

  if (canMount()) {
    it("leaves the old file on a disk that is really full, or really read-only", async () => {
      const disk = join(folder(), "disk");
      await mkdir(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
      try {
        const file = join(disk, "auth.json");
        await writeFile(file, old);
        await fill(join(disk, "ballast"));
        const read = await readOf(file);
        // Some bytes may fit, all of them not.
        const result = await writeBackTokens(read, { ...update, refreshToken: "r".repeat(20_000) });
        assert.deepEqual(result, { status: "failed", reason: "noSpace" });
        execFileSync("mount", ["-o", "remount,ro", disk]);
        assert.deepEqual(await writeBackTokens(read, update), { status: "failed", reason: "readOnly" });
        assert.equal(await text(file), old);
        assert.deepEqual((await readdir(disk)).sort(), ["auth.json", "ballast"]);
      } finally {
        execFileSync("umount", [disk]);
      }
    });
  }

  it("leaves the old or the new file after SIGKILL at any moment, and clears up with the next write", async function () {
    this.timeout(60_000);
    const temporaries = () => readdirSync(folder()).filter((name) => name.startsWith(".auth.json.chatgpt-sign-in-"));
    let left = 0;
    // Until some of at least 12 kills have come while a file was being written.
    for (let round = 0; round < 12 || (left === 0 && round < 90); round++) {
      await writeFile(path(), old, { mode: 0o600 });
      // Every other time at any moment, else as soon as a temporary file is seen.
      await killWriter(path(), `${folder()}.cache`, round % 2 ? undefined : () => temporaries().length > 0);
      assertWhole(await text(), round);
      assert.equal(await mode(), 0o600);
      for (const name of temporaries()) {
        left++;
        assert.equal(await mode(join(folder(), name)), 0o600);
      }
      assert.equal((await writeBackTokens(await readOf(path()), update)).status, "written");
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    }
    assert.ok(left > 0, "no kill came while a file was being written");
    await rm(`${folder()}.cache`, { recursive: true, force: true });
  });

  it("does not take away the temporary file of a process that runs", async () => {
    await writeFile(path(), old);
    const running = join(folder(), `.auth.json.chatgpt-sign-in-${process.ppid}abcdefabcdef`);
    await writeFile(running, "");
    assert.equal((await writeBackTokens(await readOf(path()), update)).status, "written");
    assert.equal((await readdir(folder())).length, 2);
  });
});

/** Starts a process that writes a file again and again, and kills it when that is true, or after a few milliseconds. */
async function killWriter(path: string, cache: string, isTime: (() => boolean) | undefined): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "writeForever.ts"), path], {
    stdio: ["ignore", "pipe", "inherit"],
    // Most of a round is the start of this process.
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited.then(() => assert.fail("ended by itself"))]);
  const moment = performance.now() + (isTime ? 1000 : Math.random() * 8);
  while (performance.now() < moment && !isTime?.());
  child.kill("SIGKILL");
  await exited;
}

/** The content is what one write has brought, not a mixture. */
function assertWhole(content: string, round: number): void {
  const result = parseAuthFile(content);
  assert.ok(result.ok && result.file.tokens, `round ${round}: a mixture`);
  const { refreshToken } = result.file.tokens;
  const digit = refreshToken?.at(-1) ?? "";
  assert.match(refreshToken ?? "", new RegExp(`^rt\\.\\d*${digit}-${digit}+$`));
  assert.equal(refreshToken?.length, 20_000);
}

/** Writes until the disk is full. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (;;) await file.write(Buffer.alloc(1024));
  } catch (error) {
    assert.equal(error instanceof Error && "code" in error && error.code, "ENOSPC");
  } finally {
    await file.close();
  }
}

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
