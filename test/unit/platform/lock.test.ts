import assert from "node:assert/strict";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FolderCalls } from "../../../src/platform/folderCalls.ts";
import { createFileLock, type Lock, type LockTimes } from "../../../src/platform/lock.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { faultyFolderCalls } from "../../support/faultyFolderCalls.ts";

describe("The lock between windows", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let lines: string[];

  beforeEach(() => {
    folder = temporaryDirectory();
    lines = [];
  });
  afterEach(() => folder.remove());

  function lockIn(directory: string, times?: LockTimes, calls?: FolderCalls): Lock {
    const write = (line: string) => lines.push(line);
    return createFileLock(
      directory,
      createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
      times,
      calls,
    );
  }

  /** Lets many callers want it at once; resolves with the most of them that had it together. */
  async function crowd(lock: Lock, count: number): Promise<number> {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: count }, () =>
        lock.hold("account", async () => {
          inside += 1;
          most = Math.max(most, inside);
          await delay(3);
          inside -= 1;
        }),
      ),
    );
    return most;
  }

  it("is held by one at a time, and leaves no file", async () => {
    assert.equal(await crowd(lockIn(folder.path), 10), 1);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("is released when the work fails", async () => {
    const lock = lockIn(folder.path);
    await assert.rejects(
      lock.hold("account", () => Promise.reject(new Error("failed"))),
      /failed/,
    );
    assert.equal(await lock.hold("account", async () => "next"), "next");
  });

  it("is not waited for when the work is no longer needed", async () => {
    const lock = lockIn(folder.path);
    const started = Promise.withResolvers<void>();
    const work = Promise.withResolvers<void>();
    const first = lock.hold("account", () => {
      started.resolve();
      return work.promise;
    });
    await started.promise;
    let asked = 0;
    const second = await lock.hold(
      "account",
      () => Promise.reject(new Error("the work was done")),
      async () => {
        asked += 1;
        return asked === 3 ? "done by another" : undefined;
      },
    );
    assert.equal(second, "done by another");
    work.resolve();
    await first;
  });

  it("of a crashed holder goes to one at a time, however many wait", async () => {
    for (let round = 0; round < 5; round += 1) {
      await mkdir(join(folder.path, "account.lock"), { recursive: true });
      // Long enough that no holder looks dead on a busy computer.
      assert.equal(await crowd(lockIn(folder.path, { staleMs: 1_000 }), 10), 1);
    }
    assert.deepEqual(await readdir(folder.path), []);
    assert.ok(lines.some((line) => line.includes("recovered")));
  });

  it("of a crashed holder is cleared by one, however slow: the next holder keeps its lock", async () => {
    for (const slow of ["rmdir", "modifiedAt", "list", "mkdir"] as const) {
      await mkdir(join(folder.path, "account.lock", "1-0123456789ab"), { recursive: true });
      const taken = Promise.withResolvers<void>();
      let first: string | undefined;
      // The first who comes that far goes on when another holder has the lock.
      const { calls } = faultyFolderCalls(async (call, path) => {
        if (call !== slow || (slow === "mkdir" && !path.endsWith(".lock"))) return;
        if (first !== undefined) return;
        first = path;
        await Promise.race([taken.promise, delay(2_000)]);
      });
      let inside = 0;
      let most = 0;
      const hold = () =>
        lockIn(folder.path, { staleMs: 1_000, heartbeatMs: 20 }, calls).hold("account", async () => {
          inside += 1;
          most = Math.max(most, inside);
          taken.resolve();
          await delay(100);
          inside -= 1;
        });
      await Promise.all([hold(), hold(), hold()]);
      assert.equal(most, 1, `slow at ${slow}`);
      assert.deepEqual(await readdir(folder.path), []);
    }
  });

  it("that is cleared between the two steps of taking it is not had by two", async () => {
    const held = join(folder.path, "account.lock");
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await delay(50);
      inside -= 1;
    };
    const second = Promise.withResolvers<void>();
    let isFirst = true;
    const { calls } = faultyFolderCalls(async (call, path) => {
      if (call !== "mkdir" || path === held || !isFirst) return;
      isFirst = false;
      // Frozen for so long that the empty folder was cleared, and another has the lock.
      await rm(held, { recursive: true });
      void lockIn(folder.path).hold("account", () => {
        second.resolve();
        return work();
      });
      await second.promise;
    });
    await lockIn(folder.path, {}, calls).hold("account", work);
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("is recovered after the time that it was watched, not by a clock that may be wrong", async () => {
    const held = join(folder.path, "account.lock");
    const hours = 3 * 3600_000;
    for (const off of [-hours, hours]) {
      await mkdir(held, { recursive: true });
      const time = new Date(Date.now() + off);
      await utimes(held, time, time);
      const started = performance.now();
      await lockIn(folder.path, { staleMs: 100 }).hold("account", async () => {});
      assert.ok(performance.now() - started >= 95);
    }
  });

  it("of a living holder is never taken, and waiting for it ends with a problem", async () => {
    const held = join(folder.path, "account.lock");
    await mkdir(held, { recursive: true });
    let beats = 0;
    const heart = setInterval(() => {
      beats += 1;
      const time = new Date(Date.now() + beats);
      void utimes(held, time, time);
    }, 20);
    try {
      const lock = lockIn(folder.path, { staleMs: 2_000, patienceMs: 3_000 });
      await assert.rejects(
        lock.hold("account", () => Promise.reject(new Error("two have the lock"))),
        (error) => isProblem(error, "busyElsewhere"),
      );
    } finally {
      clearInterval(heart);
    }
    assert.ok((await stat(held)).isDirectory());
    await rm(held, { recursive: true });
  });

  it("of a holder that slept with the computer is not taken when it wakes up", async () => {
    const held = join(folder.path, "account.lock");
    await mkdir(held, { recursive: true });
    const { now } = performance;
    const times = { staleMs: 15_000, patienceMs: 45_000 };
    let got = false;
    const waiting = lockIn(folder.path, times).hold("account", async () => {
      got = true;
    });
    await delay(50);
    try {
      // On some systems the monotonic clock goes on while the computer sleeps.
      performance.now = () => now.call(performance) + 8 * 3600_000;
      await delay(100);
      assert.ok(!got, "two have the lock");
      await rm(held, { recursive: true });
      await waiting;
    } finally {
      performance.now = now;
    }
  });

  it("of a crashed holder that cannot be cleared does not stop the work, and waits only once", async () => {
    await mkdir(join(folder.path, "account.lock", "foreign", "inside"), { recursive: true });
    const lock = lockIn(folder.path, { staleMs: 50, patienceMs: 2_000 });
    assert.equal(await lock.hold("account", async () => 1), 1);
    let looked = 0;
    const again = () =>
      lock.hold("account", async () => 2, {
        instead: async () => {
          looked += 1;
          return undefined;
        },
      });
    assert.deepEqual([await again(), await again(), looked], [2, 2, 2]);
    assert.equal(lines.filter((line) => line.includes("without a lock")).length, 1);
  });

  it("of a crashed holder is cleared in the end by those who never wait that long", async () => {
    await mkdir(join(folder.path, "account.lock"), { recursive: true });
    const lock = lockIn(folder.path, { staleMs: 300 });
    let givenUp = 0;
    for (;;) {
      try {
        assert.equal(await lock.hold("account", async () => "got it", { patienceMs: 40 }), "got it");
        break;
      } catch (error) {
        assert.ok(isProblem(error, "busyElsewhere"));
        givenUp += 1;
      }
    }
    assert.ok(givenUp > 1);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("is waited for as long as the caller has patience", async () => {
    await mkdir(join(folder.path, "account.lock"), { recursive: true });
    const lock = lockIn(folder.path);
    await assert.rejects(
      lock.hold("account", async () => {}, { patienceMs: 0 }),
      (error) => isProblem(error, "busyElsewhere"),
    );
    const instead = async () => "by another";
    assert.equal(await lock.hold("account", async () => "here", { instead, patienceMs: 0 }), "by another");
  });

  it("creates its folder, and if it cannot, the work runs without a lock", async () => {
    assert.equal(await lockIn(join(folder.path, "new", "deeper")).hold("account", async () => 1), 1);
    await writeFile(join(folder.path, "file"), "");
    assert.equal(await lockIn(join(folder.path, "file")).hold("account", async () => 2), 2);
    assert.ok(lines.some((line) => line.includes("without a lock")));
  });
});
