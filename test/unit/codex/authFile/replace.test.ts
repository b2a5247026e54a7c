import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  lchown,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fingerprintOf } from "../../../../src/codex/authFile/read.ts";
import { removeFile, replaceFile } from "../../../../src/codex/authFile/replace.ts";
import type { FileSystemCalls } from "../../../../src/codex/authFile/temporaryFile.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const old = "the old content";
const expected = { fingerprint: fingerprintOf(old) };

describe("replacing a file in a folder that somebody else owns", () => {
  const folder = temporaryFolder();
  const theirs = () => join(folder(), "theirs");
  const path = () => join(theirs(), "auth.json");
  const ours = () => join(folder(), "ours");
  const victim = () => join(ours(), "victim");

  beforeEach(async () => {
    // As on a computer: the way there is open to all, the victim's own content is not.
    await chmod(folder(), 0o755);
    await mkdir(theirs());
    await mkdir(ours());
    await writeFile(victim(), old, { mode: 0o600 });
    await writeFile(path(), old, { mode: 0o600 });
    if (process.getuid?.() === 0) for (const place of [theirs(), path()]) await chown(place, 65534, 65534);
  });

  /** The calls of the system, and something that happens when one of them has been made for the temporary file. */
  function calls(when: {
    opened?: (temporary: string) => Promise<void>;
    closed?: (temporary: string) => Promise<void>;
  }) {
    const hooked: FileSystemCalls = {
      rename,
      link,
      open: async (...args) => {
        const file = await open(...args);
        const close = file.close.bind(file);
        file.close = async () => {
          await close();
          await when.closed?.(String(args[0]));
        };
        await when.opened?.(String(args[0]));
        return file;
      },
    };
    return hooked;
  }

  if (process.getuid?.() === 0) {
    const owner = async (file: string) => (await stat(file)).uid;

    it("leaves a file with its owner when root writes", async () => {
      assert.equal((await replaceFile(path(), "new", expected)).status, "written");
      assert.deepEqual([await owner(path()), await readFile(path(), "utf8")], [65534, "new"]);
    });

    for (const [moment, kind] of [
      ["closed", "symbolic link"],
      ["opened", "symbolic link"],
      ["closed", "hard link"],
      ["opened", "hard link"],
    ] as const) {
      it(`gives no file away whose ${kind} takes the temporary file's place when that is ${moment}`, async () => {
        const swap = async (temporary: string) => {
          await rm(temporary);
          await (kind === "hard link" ? link(victim(), temporary) : symlink(victim(), temporary));
        };
        const result = await replaceFile(path(), "new", expected, calls({ [moment]: swap }));
        assert.equal(await owner(victim()), 0);
        assert.equal(await readFile(victim(), "utf8"), old);
        // What has arrived is not what was written.
        assert.equal(result.status, "failed");
      });
    }

    it("gives no file away to an owner who swaps as fast as they can", async function () {
      this.timeout(60_000);
      const swapper = spawn(process.execPath, [join(import.meta.dirname, "swapForever.ts"), theirs(), victim()], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(swapper, "exit");
      await Promise.race([once(swapper.stdout, "data"), exited.then(() => assert.fail("ended by itself"))]);
      try {
        let swapped = 0;
        const end = performance.now() + 5000;
        while (performance.now() < end || swapped === 0) {
          assert.ok(performance.now() < end + 40_000, "the swapper never came in time");
          await rm(path(), { force: true });
          await writeFile(path(), old, { mode: 0o600 });
          await chown(path(), 65534, 65534);
          if ((await replaceFile(path(), "new", expected)).status !== "written") swapped++;
          assert.equal(await owner(victim()), 0, `after ${swapped} swaps`);
        }
      } finally {
        swapper.kill("SIGKILL");
        await exited;
      }
    });

    it("does not follow their link into a folder that is not theirs, neither to replace nor to make a file", async () => {
      await rm(path());
      for (const target of [victim(), join(ours(), "new")]) {
        await symlink(target, path());
        await lchown(path(), 65534, 65534);
        const result = await replaceFile(path(), "new", target === victim() ? expected : "nothing");
        assert.deepEqual(result, { status: "failed", reason: "denied" });
        assert.deepEqual(await removeFile(path(), expected.fingerprint), { status: "failed", reason: "denied" });
        await rm(path());
      }
      // A link on the way, not at its end.
      await rm(theirs(), { recursive: true });
      await symlink(ours(), theirs());
      await lchown(theirs(), 65534, 65534);
      assert.deepEqual(await replaceFile(path(), "new", "nothing"), { status: "failed", reason: "denied" });
      assert.deepEqual(await readdir(ours()), ["victim"]);
      assert.equal(await readFile(victim(), "utf8"), old);
    });

    it("gives them nothing in place of a file that they have put into a folder of all", async () => {
      for (const [mode, status] of [
        [0o1777, "failed"],
        [0o777, "failed"],
        [0o775, "failed"],
        [0o755, "written"],
      ] as const) {
        await chown(theirs(), 0, 0);
        await chmod(theirs(), mode);
        assert.equal((await replaceFile(path(), "new", expected)).status, status, mode.toString(8));
        assert.deepEqual(
          [await readFile(path(), "utf8"), await owner(path())],
          [status === "written" ? "new" : old, 65534],
        );
      }
    });

    it("follows their link to a file in another folder of theirs", async () => {
      const other = join(folder(), "dotfiles");
      await mkdir(other);
      await chown(other, 65534, 65534);
      await rename(path(), join(other, "auth.json"));
      await symlink(join(other, "auth.json"), path());
      await lchown(path(), 65534, 65534);
      assert.equal((await replaceFile(path(), "new", expected)).status, "written");
      assert.equal(await readFile(join(other, "auth.json"), "utf8"), "new");
    });
  }

  // On other systems an open folder cannot be reached by a path.
  const onLinux = process.platform === "linux" ? it : () => undefined;
  onLinux("writes into the folder that it has opened, whatever takes that folder's place", async () => {
    await writeFile(join(ours(), "auth.json"), old);
    const swap = async () => {
      await rename(theirs(), join(folder(), "moved"));
      await symlink(ours(), theirs());
    };
    await replaceFile(path(), "new", expected, calls({ opened: swap }));
    assert.equal(await readFile(join(ours(), "auth.json"), "utf8"), old);
    assert.deepEqual((await readdir(ours())).sort(), ["auth.json", "victim"]);
    assert.equal(await readFile(join(folder(), "moved", "auth.json"), "utf8"), "new");
  });

  it("writes through no file or link that was made under the temporary file's name", async () => {
    for (const lay of [writeFile, symlink] as const) {
      const hooked: FileSystemCalls = {
        ...calls({}),
        open: async (at, ...rest) => {
          if (String(at).includes(".chatgpt-sign-in-")) {
            if (lay === symlink) await symlink(victim(), String(at));
            else await writeFile(String(at), "theirs", { mode: 0o666 });
          }
          return open(at, ...rest);
        },
      };
      assert.equal((await replaceFile(path(), "new", expected, hooked)).status, "failed");
      assert.equal(await readFile(path(), "utf8"), old);
      assert.equal(await readFile(victim(), "utf8"), old);
    }
  });

  it("replaces no link that has taken the file's place, though it leads to the same content", async () => {
    const swap = async () => {
      await rm(path());
      await symlink(victim(), path());
    };
    assert.equal((await replaceFile(path(), "new", expected, calls({ opened: swap }))).status, "failed");
    assert.ok((await lstat(path())).isSymbolicLink());
    assert.deepEqual(await readdir(theirs()), ["auth.json"]);
  });

  for (const [name, code] of [
    ["link", "EEXIST"],
    ["link", "EIO"],
    ["rename", "ENOENT"],
    ["rename", "EIO"],
  ] as const) {
    it(`knows its file when it has arrived although ${name} says ${code}, as on network disks`, async () => {
      if (name === "link") await rm(path());
      const failing: FileSystemCalls = { open, link, rename };
      const lying: FileSystemCalls = {
        ...failing,
        [name]: async (from: string, to: string) => {
          await failing[name](from, to);
          throw Object.assign(new Error(code), { code });
        },
      };
      const result = await replaceFile(path(), "new", name === "link" ? "nothing" : expected, lying);
      assert.deepEqual(result, { status: "written", fingerprint: fingerprintOf("new") });
      assert.equal(await readFile(path(), "utf8"), "new");
      assert.deepEqual(await readdir(theirs()), ["auth.json"]);
    });
  }

  it("does not follow links that lead in a circle", async () => {
    await rm(path());
    await symlink(join(theirs(), "round"), path());
    await symlink(path(), join(theirs(), "round"));
    for (const wanted of ["nothing", expected] as const) {
      assert.deepEqual(await replaceFile(path(), "new", wanted), { status: "failed", reason: "other" });
    }
    assert.deepEqual(await removeFile(path(), expected.fingerprint), { status: "failed", reason: "other" });
    assert.deepEqual((await readdir(theirs())).sort(), ["auth.json", "round"]);
  });

  it("waits for no pipe that has taken the file's place", async () => {
    const swap = async () => {
      await rm(path());
      execFileSync("mkfifo", [path()]);
    };
    assert.equal((await replaceFile(path(), "new", expected, calls({ opened: swap }))).status, "changed");
  });
});
