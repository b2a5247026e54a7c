import assert from "node:assert/strict";
import { promises } from "node:fs";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createFileLock, type Lock, type LockTimes } from "../../../src/platform/lock.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";

describe("The lock between windows", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let lines: string[];

  beforeEach(() => {
    folder = temporaryDirectory();
    lines = [];
  });
  afterEach(() => folder.remove());

  function lockIn(directory: string, times?: LockTimes): Lock {
    const write = (line: string) => lines.push(line);
    return createFileLock(
      directory,
      createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
      times,
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
    await mkdir(join(folder.path, "account.lock"), { recursive: true });
    const { rename } = promises;
    const taken = Promise.withResolvers<void>();
    let isFirst = true;
    promises.rename = async (...paths) => {
      if (!isFirst) return rename(...paths);
      isFirst = false;
      // After this delay it is another holder's lock, and its folder is free for a third.
      await Promise.race([taken.promise, delay(200)]);
      await rename(...paths);
      await delay(100);
    };
    syncBuiltinESMExports();
    let inside = 0;
    let most = 0;
    const hold = () =>
      lockIn(folder.path, { staleMs: 2_000 }).hold("account", async () => {
        inside += 1;
        most = Math.max(most, inside);
        taken.resolve();
        await delay(300);
        inside -= 1;
      });
    try {
      await Promise.all([hold(), hold(), hold()]);
    } finally {
      promises.rename = rename;
      syncBuiltinESMExports();
    }
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("is recovered when its holder crashed, and the one that was clearing it as well", async () => {
    await mkdir(join(folder.path, "account.lock"), { recursive: true });
    await mkdir(join(folder.path, "account.lock.clearing"));
    assert.equal(await crowd(lockIn(folder.path, { staleMs: 1_000 }), 5), 1);
    assert.deepEqual(await readdir(folder.path), []);
    assert.ok(lines.some((line) => line.includes("recovered")));
  });

  it("that the next holder took while it was being cleared is given back", async () => {
    const held = join(folder.path, "account.lock");
    await mkdir(held, { recursive: true });
    const { rename } = promises;
    let takenAt = 0;
    promises.rename = async (...paths) => {
      promises.rename = rename;
      syncBuiltinESMExports();
      await rm(held, { recursive: true });
      await mkdir(held);
      takenAt = (await stat(held)).mtimeMs;
      await rename(...paths);
    };
    syncBuiltinESMExports();
    try {
      await assert.rejects(
        lockIn(folder.path, { staleMs: 300, patienceMs: 500 }).hold("account", async () => {}),
        (error) => isProblem(error, "busyElsewhere"),
      );
    } finally {
      promises.rename = rename;
      syncBuiltinESMExports();
    }
    assert.equal((await stat(held)).mtimeMs, takenAt);
    assert.deepEqual(await readdir(folder.path), ["account.lock"]);
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
      const lock = lockIn(folder.path, { staleMs: 200, patienceMs: 600 });
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

  it("of a crashed holder that cannot be cleared does not stop the work", async () => {
    // The name to rename it to is too long. A folder that has become read-only refuses as well.
    const name = "a".repeat(250);
    await mkdir(join(folder.path, `${name}.lock`));
    assert.equal(await lockIn(folder.path, { staleMs: 50, patienceMs: 2_000 }).hold(name, async () => 1), 1);
    assert.ok(lines.some((line) => line.includes("without a lock")));
  });

  it("creates its folder, and if it cannot, the work runs without a lock", async () => {
    assert.equal(await lockIn(join(folder.path, "new", "deeper")).hold("account", async () => 1), 1);
    await writeFile(join(folder.path, "file"), "");
    assert.equal(await lockIn(join(folder.path, "file")).hold("account", async () => 2), 2);
    assert.ok(lines.some((line) => line.includes("without a lock")));
  });

  it("is not waited for where a file has the name of its folder, with the codes that Windows has for that", async () => {
    const { mkdir: actual } = promises;
    promises.mkdir = (async (path: string) => {
      throw Object.assign(new Error("failed"), { code: path === folder.path ? "EEXIST" : "ENOENT" });
    }) as typeof promises.mkdir;
    syncBuiltinESMExports();
    try {
      const held = lockIn(folder.path).hold("account", async () => "done");
      assert.equal(await Promise.race([held, delay(1_000)]), "done");
    } finally {
      promises.mkdir = actual;
      syncBuiltinESMExports();
    }
    assert.ok(lines.some((line) => line.includes("without a lock")));
  });
});
