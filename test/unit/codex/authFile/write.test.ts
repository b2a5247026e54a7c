import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import {
  chmod,
  chown,
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
import { parseAuthFile } from "../../../../src/codex/authFile/parse.ts";
import { type AuthFileRead, readAuthFile } from "../../../../src/codex/authFile/read.ts";
import type { FileSystemCalls } from "../../../../src/codex/authFile/replace.ts";
import {
  describeWriteFailure,
  exportAuthFile,
  type ReplacedFile,
  replacedFile,
  restoreAuthFile,
  writeBackTokens,
} from "../../../../src/codex/authFile/write.ts";
import { canary, current, jwt, tokens } from "./authTexts.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { unprivileged } from "./unprivileged.ts";

const old = JSON.stringify(current, null, 2);
const update = {
  idToken: jwt({ n: 2 }),
  accessToken: jwt({ n: 3 }),
  refreshToken: "rt.new",
  refreshedAt: 1_790_000_000_000,
};
const login = {
  idToken: tokens.id_token,
  accessToken: tokens.access_token,
  refreshToken: canary.refresh,
  accountId: "acc-ours",
  refreshedAt: 1_790_000_000_000,
};

async function readOf(path: string): Promise<Extract<AuthFileRead, { status: "read" }>> {
  const read = await readAuthFile(path);
  assert.ok(read.status === "read", read.status);
  return read;
}

describe("writing auth.json", () => {
  const folder = temporaryFolder();
  const path = () => join(folder(), "auth.json");
  const text = (at = path()) => readFile(at, "utf8");
  const mode = async (at = path()) => (await stat(at)).mode & 0o777;

  describe("back after a refresh", () => {
    it("exchanges the tokens and the time, keeps the rest to the letter, and leaves 0600", async () => {
      const odd = `{"future" : 1.50,  "big":12345678901234567890, "é":"\\u00e9",\r\n\t${old.slice(1)}`;
      await writeFile(path(), odd, { mode: 0o644 });
      const result = await writeBackTokens(await readOf(path()), update);
      assert.equal(result.status, "written");
      const expected = odd
        .replace(tokens.id_token, update.idToken)
        .replace(tokens.access_token, update.accessToken)
        .replace(canary.refresh, update.refreshToken)
        .replace(current.last_refresh, "2026-09-21T14:13:20.000Z");
      assert.equal(await text(), expected);
      assert.equal(await mode(), 0o600);
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
      assert.ok(result.status === "written" && result.fingerprint === (await readOf(path())).fingerprint);
    });

    it("adds last_refresh in the file's own line ends where there was none", async () => {
      await writeFile(path(), JSON.stringify({ tokens }, null, 2).replaceAll("\n", "\r\n"));
      assert.equal((await writeBackTokens(await readOf(path()), update)).status, "written");
      assert.match(await text(), /},\r\n {2}"last_refresh": "2026-09-21T14:13:20\.000Z"\r\n}$/);
      assert.doesNotMatch(await text(), /[^\r]\n/);
    });

    it("keeps what did not come", async () => {
      await writeFile(path(), old);
      await writeBackTokens(await readOf(path()), { accessToken: update.accessToken, refreshedAt: update.refreshedAt });
      assert.equal(JSON.parse(await text()).tokens.refresh_token, canary.refresh);
    });

    it("refuses when the file has changed since it was read, or is gone", async () => {
      await writeFile(path(), old);
      const read = await readOf(path());
      await writeFile(path(), `${old}\n`);
      assert.deepEqual(await writeBackTokens(read, update), { status: "changed" });
      assert.equal(await text(), `${old}\n`);
      await rename(path(), join(folder(), "elsewhere"));
      assert.deepEqual(await writeBackTokens(read, update), { status: "changed" });
      assert.deepEqual(await readdir(folder()), ["elsewhere"]);
    });

    it("refuses when the file changes while the new one is being written", async () => {
      await writeFile(path(), old);
      const read = await readOf(path());
      const calls: FileSystemCalls = {
        open: async (...args) => {
          await writeFile(path(), "by the CLI");
          return open(...args);
        },
        rename,
        link,
      };
      assert.deepEqual(await writeBackTokens(read, update, calls), { status: "changed" });
      assert.equal(await text(), "by the CLI");
      assert.deepEqual(await readdir(folder()), ["auth.json"]);
    });

    it("writes nothing into what is no ChatGPT login", async () => {
      for (const content of [
        "",
        "{}",
        JSON.stringify({ OPENAI_API_KEY: canary.key }),
        `{"tokens":null,${old.slice(1)}`,
      ]) {
        await writeFile(path(), content);
        assert.deepEqual(await writeBackTokens(await readOf(path()), update), { status: "notALogin" });
        assert.equal(await text(), content);
      }
    });

    it("follows symbolic links to the real file and leaves them in place", async () => {
      await mkdir(join(folder(), "real"));
      await writeFile(join(folder(), "real", "file.json"), old);
      await symlink(join("real", "file.json"), join(folder(), "between"));
      await symlink("between", path());
      assert.equal((await writeBackTokens(await readOf(path()), update)).status, "written");
      assert.ok((await lstat(path())).isSymbolicLink());
      assert.equal(JSON.parse(await text(join(folder(), "real", "file.json"))).tokens.refresh_token, "rt.new");
      assert.deepEqual(await readdir(join(folder(), "real")), ["file.json"]);
    });
  });

  describe("interrupted", () => {
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
        const child = spawn(process.execPath, [join(import.meta.dirname, "writeForever.ts"), path()], {
          stdio: ["ignore", "pipe", "inherit"],
          // Most of a round is the start of this process.
          env: { ...process.env, NODE_COMPILE_CACHE: `${folder()}.cache` },
        });
        const exited = once(child, "exit");
        await Promise.race([once(child.stdout, "data"), exited.then(() => assert.fail("ended by itself"))]);
        // Every other time at any moment, else as soon as a temporary file is seen.
        const moment = performance.now() + (round % 2 ? Math.random() * 8 : 1000);
        while (performance.now() < moment && (round % 2 || temporaries().length === 0));
        child.kill("SIGKILL");
        await exited;
        const content = await text();
        const result = parseAuthFile(content);
        assert.ok(result.ok && result.file.tokens, `round ${round}: a mixture`);
        const { refreshToken } = result.file.tokens;
        const digit = refreshToken?.at(-1) ?? "";
        assert.match(refreshToken ?? "", new RegExp(`^rt\\.\\d*${digit}-${digit}+$`));
        assert.equal(refreshToken?.length, 20_000);
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

  describe("exported", () => {
    it("writes what the CLI writes, 0600, and makes the folder", async () => {
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

    it("is indented by two spaces, as the CLI's own, and never holds a key", async () => {
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

    it("puts the replaced file back where the CLI has deleted ours", async () => {
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

    it("leaves what somebody else has written since, and the backup", async () => {
      for (const replace of [true, false]) {
        if (replace) await writeFile(path(), old);
        const read = replace ? await readOf(path()) : undefined;
        const replaced = read && (await replacedFile(read, 0));
        await exportAuthFile(path(), login, read, 0);
        const seen = await readOf(path());
        await writeFile(path(), "by the CLI");
        assert.deepEqual(await restoreAuthFile(path(), seen, replaced), { status: "changed" });
        assert.equal(await text(), "by the CLI");
        if (replaced) assert.equal(await text(replaced.backup), old);
        await rm(path());
      }
    });

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

  it("has a sentence with a next step for each failure", () => {
    for (const failure of ["changed", "failed", "notALogin", "exists"] as const) {
      assert.match(describeWriteFailure(failure), /left as it (is|was)/);
    }
  });
});

function fault(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error("injected"), { code }));
}

/** An `open` whose files fail in one call, after having written half of what they were given. */
function failing(method: "writeFile" | "sync" | "close", code: string): typeof open {
  return async (...args) => {
    const file = await open(...args);
    const original = file[method].bind(file) as (content?: string) => Promise<void>;
    Object.assign(file, {
      [method]: async (content?: string) => {
        if (method === "writeFile") await original(content?.slice(0, content.length / 2));
        else if (method === "close") await original();
        return fault(code);
      },
    });
    return file;
  };
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
