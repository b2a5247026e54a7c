import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, rm, rmdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { FolderCalls } from "../../../src/platform/folderCalls.ts";
import { createFileLock, type Lock, type LockTimes } from "../../../src/platform/lock.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { faultyFolderCalls, systemError } from "../../support/faultyFolderCalls.ts";
import { projectPath } from "../../support/projectRoot.ts";
import { eventually } from "../../support/timing.ts";

describe("The heartbeat of a lock", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let held: string;
  let lines: string[];
  beforeEach(() => {
    folder = temporaryDirectory();
    held = join(folder.path, "account.lock");
    lines = [];
  });
  afterEach(() => folder.remove());

  function lockWith(times: LockTimes, calls?: FolderCalls): Lock {
    const write = (line: string) => lines.push(line);
    return createFileLock(
      folder.path,
      createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
      times,
      calls,
    );
  }

  /** Removes the lock and takes it, as another window does that saw no heartbeat. Resolves with its time. */
  async function takeAway(): Promise<number> {
    await rm(held, { recursive: true });
    await mkdir(held);
    const time = new Date(Date.now() - 60_000);
    await utimes(held, time, time);
    return (await stat(held)).mtimeMs;
  }

  it("keeps the lock from those who wait", async () => {
    const started = Promise.withResolvers<void>();
    const work = Promise.withResolvers<void>();
    const first = lockWith({ heartbeatMs: 20 }).hold("account", () => {
      started.resolve();
      return work.promise;
    });
    await started.promise;
    await assert.rejects(
      lockWith({ staleMs: 2_000, patienceMs: 3_000 }).hold("account", () => Promise.reject(new Error("two have it"))),
      (error) => isProblem(error, "busyElsewhere"),
    );
    work.resolve();
    await first;
    assert.deepEqual(await readdir(folder.path), []);
    assert.deepEqual(lines, []);
  });

  it("does not get in the way of the release", async () => {
    for (let round = 0; round < 30; round += 1) await lockWith({ heartbeatMs: 1 }).hold("account", () => delay(5));
    assert.deepEqual(await readdir(folder.path), []);
    assert.deepEqual(lines, []);
  });

  it("goes on after it failed once, and shows life in another way where a time cannot be set", async () => {
    const failing = new Set<keyof FolderCalls>(["touch", "modifiedAt"]);
    const faulty = faultyFolderCalls((call) => {
      if (failing.has(call)) throw systemError("EIO");
    });
    await lockWith({ heartbeatMs: 10 }, faulty.calls).hold("account", async () => {
      await eventually(() => assert.ok(lines.length > 0));
      failing.delete("modifiedAt");
      const { mtimeMs } = await stat(held);
      await eventually(async () => assert.notEqual((await stat(held)).mtimeMs, mtimeMs));
      failing.clear();
      const later = (await stat(held)).mtimeMs;
      await eventually(async () => assert.notEqual((await stat(held)).mtimeMs, later));
    });
    assert.deepEqual(await readdir(folder.path), []);
    assert.ok(lines.every((line) => line === "A lock's heartbeat failed: Error EIO"));
  });

  it("notices a lock that was removed, and logs the loss once", async () => {
    const value = await lockWith({ heartbeatMs: 10 }).hold("account", async () => {
      await rm(held, { recursive: true });
      await eventually(() => assert.equal(lines.length, 1));
      await delay(50);
      return "done";
    });
    assert.equal(value, "done");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^A lock was lost/);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("leaves the next holder's lock alone, as does the release after it", async () => {
    let time = 0;
    await lockWith({ heartbeatMs: 10 }).hold("account", async () => {
      time = await takeAway();
      await eventually(() => assert.equal(lines.length, 1));
      await delay(50);
    });
    assert.equal(lines.length, 1);
    assert.equal((await stat(held)).mtimeMs, time);
  });

  it("need not have noticed the loss for the release to leave the next holder's lock alone", async () => {
    let time = 0;
    await lockWith({}).hold("account", async () => {
      time = await takeAway();
    });
    assert.match(lines[0] ?? "", /^A lock was lost/);
    assert.equal((await stat(held)).mtimeMs, time);
    await rmdir(held);
    await lockWith({}).hold("account", () => rm(held, { recursive: true }));
    assert.equal(lines.length, 2);
  });

  it("does not keep the process alive", async () => {
    const program = `
      import { createFileLock } from ${JSON.stringify(projectPath("src", "platform", "lock.ts"))};
      const log = { debug() {}, info() {}, warn: console.log, error() {} };
      void createFileLock(${JSON.stringify(folder.path)}, log).hold("account", () => new Promise(() => console.log("held")));
    `;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    assert.equal(stdout, "held\n");
    assert.deepEqual(await readdir(folder.path), ["account.lock"]);
  });
});
