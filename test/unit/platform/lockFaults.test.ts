import assert from "node:assert/strict";
import { mkdir, readdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FolderCalls } from "../../../src/platform/folderCalls.ts";
import { createFileLock, type Lock, type LockTimes } from "../../../src/platform/lock.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { faultyFolderCalls, systemError } from "../../support/faultyFolderCalls.ts";
import { eventually, within } from "../../support/timing.ts";

const codes =
  "EACCES EPERM EROFS ENOSPC EIO ESTALE ENOTDIR ENOENT EEXIST ELOOP ENAMETOOLONG EBUSY EMFILE ENOTEMPTY EINVAL";
const callNames = ["mkdir", "mkdirs", "modifiedAt", "list", "touch", "rmdir", "unlink"] as const;
/** However busy the computer is, its file system answers in this time. */
const times: LockTimes = { staleMs: 60, heartbeatMs: 5, patienceMs: 20_000, answerMs: 8_000 };
/** However busy it is, a holder shows in this time that it is alive. */
const patient: LockTimes = { ...times, staleMs: 1_000, heartbeatMs: 20 };
const hasty: LockTimes = { ...times, answerMs: 50 };

describe("A lock on a file system that", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let held: string;
  let lines: string[];
  beforeEach(() => {
    folder = temporaryDirectory();
    held = join(folder.path, "account.lock");
    lines = [];
  });
  afterEach(() => folder.remove());

  function lockWith(calls?: FolderCalls, directory = folder.path, lockTimes = times): Lock {
    const write = (line: string) => lines.push(line);
    return createFileLock(
      directory,
      createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
      lockTimes,
      calls,
    );
  }
  const withoutLock = () => lines.filter((line) => line.includes("without a lock"));
  const crash = (directory = folder.path) =>
    mkdir(join(directory, "account.lock", "1-0123456789ab"), { recursive: true });

  /** The work is done, three times over. */
  async function works(lock: Lock, what: string): Promise<void> {
    for (let time = 0; time < 3; time += 1) {
      assert.equal(
        await within(
          10_000,
          what,
          lock.hold("account", () => delay(8, "done")),
        ),
        "done",
      );
    }
  }

  /** Tries a fault at every call, where the lock is free and where it is a crashed holder's. */
  async function everywhere(
    what: string,
    fault: (failing: string) => void | Promise<void>,
    lockTimes = times,
  ): Promise<void> {
    const cases = callNames.flatMap((failing) => [false, true].map((isTaken) => ({ failing, isTaken })));
    await Promise.all(
      cases.map(async ({ failing, isTaken }) => {
        const directory = join(folder.path, `${failing}-${isTaken}`);
        if (isTaken) await crash(directory);
        const { calls } = faultyFolderCalls((call) => (call === failing ? fault(failing) : undefined));
        await works(lockWith(calls, directory, lockTimes), `${what} at ${failing}, ${isTaken ? "taken" : "free"}`);
      }),
    );
  }

  for (const code of codes.split(" ")) {
    it(`answers ${code} lets the work go on, whichever call it is, and is not blamed again and again`, async () => {
      await everywhere(code, () => {
        throw systemError(code);
      });
      // The lock may be had at first and be stuck later, but never more than that.
      assert.ok(withoutLock().length <= 2 * 2 * callNames.length, withoutLock().join("\n"));
    });
  }

  it("does not answer lets the work go on, whichever call it is, and is not asked again meanwhile", async () => {
    const hanging: string[] = [];
    const hang = (failing: string) => {
      hanging.push(failing);
      return new Promise<void>(() => {});
    };
    await everywhere("no answer", hang, hasty);
    for (const failing of callNames) assert.ok(hanging.filter((one) => one === failing).length <= 2, String(hanging));
  });

  it("answers again is used again, and a folder that it has created too late is removed", async () => {
    const answer = Promise.withResolvers<void>();
    const { calls, made } = faultyFolderCalls((call) => (call === "mkdir" ? answer.promise : undefined));
    const lock = lockWith(calls, folder.path, { ...times, answerMs: 2_000 });
    assert.equal(await lock.hold("account", async () => "done"), "done");
    assert.deepEqual(withoutLock(), ["Going on without a lock: NoAnswer ETIMEDOUT"]);
    assert.deepEqual(await readdir(folder.path), []);
    answer.resolve();
    await eventually(() => assert.ok(made.includes("rmdir")));
    await eventually(async () => assert.deepEqual(await readdir(folder.path), []));
    assert.deepEqual(await lock.hold("account", () => readdir(folder.path)), ["account.lock"]);
    assert.deepEqual(await readdir(folder.path), []);
    assert.equal(withoutLock().length, 1);
  });

  it("says that a lock exists which is not there: the work waits for a crashed holder's time and no longer", async () => {
    const { calls, made } = faultyFolderCalls((call) => {
      if (call === "mkdir") throw systemError("EEXIST");
      if (call === "modifiedAt") throw systemError("ENOENT");
    });
    const lock = lockWith(calls);
    assert.equal(await lock.hold("account", async () => "done"), "done");
    // With pauses: it does not spin.
    assert.ok(made.length < 100, `${made.length} calls`);
    assert.equal(withoutLock().length, 1);
    made.length = 0;
    assert.equal(await lock.hold("account", async () => "done"), "done");
    assert.deepEqual(made, ["mkdir", "modifiedAt"]);
    assert.equal(withoutLock().length, 1);
  });

  it("refuses for a moment, as Windows does while a folder that was removed is still going, is asked again", async () => {
    for (const code of ["EPERM", "EACCES", "EBUSY"]) {
      let refusals = 6;
      const { calls } = faultyFolderCalls((call) => {
        if (call !== "mkdir" && call !== "rmdir") return;
        refusals -= 1;
        if (refusals % 3 > 0) throw systemError(code);
      });
      await lockWith(calls).hold("account", async () => assert.deepEqual(await readdir(folder.path), ["account.lock"]));
      assert.deepEqual(await readdir(folder.path), []);
    }
    assert.deepEqual(lines, []);
  });

  const inItsPlace: Readonly<Record<string, () => Promise<unknown>>> = {
    "a file": () => writeFile(held, "text"),
    "an empty file": () => writeFile(held, ""),
    "a link to nothing": () => symlink(join(folder.path, "nothing"), held),
    "a link to itself": () => symlink(held, held),
    "a link to a folder": async () => {
      await mkdir(join(folder.path, "elsewhere"));
      await symlink(join(folder.path, "elsewhere"), held);
    },
    "a folder with files that are not ours": async () => {
      await crash();
      await writeFile(join(held, ".DS_Store"), "text");
      await symlink(join(folder.path, "nothing"), join(held, "link"));
    },
  };
  for (const [what, create] of Object.entries(inItsPlace)) {
    it(`has ${what} in the lock's place clears it like a crashed holder's, and one at a time has it`, async () => {
      await create();
      let inside = 0;
      let most = 0;
      const hold = () =>
        lockWith(undefined, folder.path, patient).hold("account", async () => {
          inside += 1;
          most = Math.max(most, inside);
          await delay(10);
          inside -= 1;
        });
      await within(10_000, what, Promise.all([hold(), hold(), hold(), hold()]));
      assert.equal(most, 1);
      assert.deepEqual(withoutLock(), []);
      assert.ok(!(await readdir(folder.path)).includes("account.lock"));
    });
  }

  it("has a file, or a link to nothing, in the place of the folder of locks lets the work go on", async () => {
    const file = join(folder.path, "file");
    const link = join(folder.path, "link");
    await writeFile(file, "text");
    await symlink(join(folder.path, "nothing", "deeper"), link);
    await works(lockWith(undefined, file), "a file");
    await works(lockWith(undefined, join(file, "deeper")), "below a file");
    await works(lockWith(undefined, link), "a link");
    assert.equal(await readlink(link), join(folder.path, "nothing", "deeper"));
  });

  it("has the codes of Windows for a file in the place of the folder of locks lets the work go on at once", async () => {
    const { calls, made } = faultyFolderCalls((call) => {
      if (call === "mkdir") throw systemError("ENOENT");
      if (call === "mkdirs") throw systemError("EEXIST");
    });
    assert.equal(await lockWith(calls).hold("account", async () => "done"), "done");
    assert.deepEqual(made, ["mkdir", "mkdirs"]);
    assert.equal(withoutLock().length, 1);
  });
});
