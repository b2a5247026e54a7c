import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { authFileLimits } from "../../../../src/codex/authFile/parse.ts";
import { decodeAuthFile, fingerprintOf, readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { unreadableProblem } from "../../../../src/codex/problems.ts";
import { current } from "./authTexts.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { unprivileged } from "./unprivileged.ts";

const content = JSON.stringify(current);

describe("reading auth.json", () => {
  const folder = temporaryFolder();
  const path = () => join(folder(), "auth.json");
  const status = async (at = path()) => (await readAuthFile(at)).status;

  it("gives text, fingerprint and no warning for a private file", async () => {
    await writeFile(path(), content, { mode: 0o600 });
    assert.deepEqual(await readAuthFile(path()), {
      status: "read",
      path: path(),
      text: content,
      fingerprint: fingerprintOf(content),
      warnings: [],
    });
  });

  it("warns of each permission wider than 0600", async () => {
    await writeFile(path(), content);
    for (const mode of [0o640, 0o604, 0o660, 0o644, 0o777, 0o620]) {
      await chmod(path(), mode);
      const read = await readAuthFile(path());
      assert.ok(read.status === "read");
      assert.deepEqual(read.warnings, ["readableByOthers"], mode.toString(8));
    }
  });

  it("follows a symbolic link to a regular file", async () => {
    await writeFile(join(folder(), "real.json"), content);
    await symlink("real.json", path());
    const read = await readAuthFile(path());
    assert.ok(read.status === "read");
    assert.equal(read.text, content);
  });

  it("keeps a byte order mark in the text", async () => {
    await writeFile(path(), `\uFEFF${content}`);
    const read = await readAuthFile(path());
    assert.ok(read.status === "read");
    assert.equal(read.text, `\uFEFF${content}`);
  });

  it("tells a file that is not there, a dangling link and a missing folder", async () => {
    assert.equal(await status(), "missing");
    assert.equal(await status(join(folder(), "no", "auth.json")), "missing");
    await symlink("nowhere", path());
    assert.equal(await status(), "missing");
  });

  it("refuses folders, pipes, sockets, devices and loops, without waiting", async () => {
    await mkdir(path());
    assert.equal(await status(), "notAFile");
    execFileSync("mkfifo", [join(folder(), "pipe")]);
    assert.equal(await status(join(folder(), "pipe")), "notAFile");
    const server = createServer().listen(join(folder(), "socket"));
    assert.equal(await status(join(folder(), "socket")), "notAFile");
    server.close();
    assert.equal(await status("/dev/zero"), "notAFile");
    await symlink("loop", join(folder(), "loop"));
    assert.equal(await status(join(folder(), "loop")), "notAFile");
  });

  it("reads exactly up to the size limit", async () => {
    await writeFile(path(), Buffer.alloc(authFileLimits.bytes, 32));
    assert.equal(await status(), "read");
    await writeFile(path(), Buffer.alloc(authFileLimits.bytes + 1, 32));
    assert.equal(await status(), "tooLarge");
  });

  it("refuses what is not UTF-8", async () => {
    await writeFile(path(), Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content, "utf16le")]));
    assert.equal(await status(), "notText");
  });

  it("tells a file that may not be read from one that is not there", async () => {
    await writeFile(path(), content, { mode: 0o000 });
    await chmod(folder(), 0o755);
    assert.equal(await unprivileged(() => status()), "denied");
  });

  it("holds bytes from elsewhere to the same limits", () => {
    assert.equal(decodeAuthFile(Buffer.from(content)), content);
    assert.deepEqual(decodeAuthFile(Buffer.from([0xff])), { status: "notText" });
    assert.deepEqual(decodeAuthFile(new Uint8Array(authFileLimits.bytes + 1)), { status: "tooLarge" });
  });

  it("has a sentence with a next step for each failure", () => {
    for (const failure of ["missing", "denied", "notAFile", "tooLarge", "notText", "unreadable"] as const) {
      assert.match(unreadableProblem(failure).message, /\. (Run|Correct|Choose|Check)/);
    }
  });
});
