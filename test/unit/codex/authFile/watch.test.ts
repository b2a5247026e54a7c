import assert from "node:assert/strict";
import { appendFile, mkdir, open, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AuthFileRead, readAuthFile } from "../../../../src/codex/authFile/read.ts";
import { watchAuthFile } from "../../../../src/codex/authFile/watch.ts";
import type { Clock } from "../../../../src/platform/clock.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import type { Disposable } from "../../../../src/platform/disposables.ts";
import { current } from "./authTexts.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const version = (n: number) => JSON.stringify({ ...current, version: n }, null, 2);

/**
 * Without the look every few seconds that is for systems with no events: what is told here, an event has told. And
 * slow, so that a rewrite on a busy computer is not given up halfway.
 */
const eventsOnly: Clock = {
  now: () => systemClock.now() / 10,
  elapsed: () => systemClock.elapsed() / 10,
  after: (ms, callback) => (ms >= 5_000 ? { dispose: () => undefined } : systemClock.after(ms, callback)),
};

describe("following auth.json", function () {
  this.timeout(20_000);
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const path = () => join(home(), "auth.json");

  let watching: Disposable | undefined;
  let told: AuthFileRead[];
  let wake: () => void;

  async function follow(): Promise<void> {
    told = [];
    wake = () => undefined;
    const known = await readAuthFile(path());
    watching = watchAuthFile(
      path(),
      (read) => {
        told.push(read);
        wake();
      },
      { clock: eventsOnly, known },
    );
  }

  /** What is told next, once only. */
  async function tells(action: () => Promise<unknown>): Promise<string> {
    const before = told.length;
    await action();
    while (told.length === before) {
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        const timer = setTimeout(() => reject(new Error("told nothing")), 8000);
        timer.unref();
      });
    }
    const last = told.at(-1);
    assert.ok(last);
    assert.equal(told.length, before + 1, "told more than once");
    return last.status === "read" ? `v${JSON.parse(last.text).version}` : last.status;
  }

  /** Proves by a later, real change that what `action` did was not reported. */
  async function tellsNothing(action: () => Promise<unknown>, n: number): Promise<void> {
    const before = told.length;
    await action();
    assert.equal(await tells(() => writeFile(path(), version(n))), `v${n}`);
    assert.equal(told.length, before + 1);
  }

  /** As the Codex CLI writes: truncate, then write in place. */
  async function rewrite(text: string, pieces = 1): Promise<void> {
    const file = await open(path(), "w");
    const size = Math.ceil(text.length / pieces);
    for (let at = 0; at < text.length; at += size) {
      await file.write(text.slice(at, at + size));
      await file.sync();
    }
    await file.close();
  }

  beforeEach(async () => {
    await mkdir(home());
    await writeFile(path(), version(1));
  });
  afterEach(() => watching?.dispose());

  it("reports a file rewritten in place", async () => {
    await follow();
    for (let n = 2; n < 8; n++) assert.equal(await tells(() => rewrite(version(n))), `v${n}`);
  });

  it("reports a slow rewrite once, when it is whole", async () => {
    await follow();
    for (let n = 2; n < 5; n++) assert.equal(await tells(() => rewrite(version(n), 12)), `v${n}`);
    for (const read of told) assert.equal(read.status, "read");
  });

  it("reports every atomic replacement", async () => {
    await follow();
    for (let n = 2; n < 8; n++) {
      const replace = async () => {
        await writeFile(join(home(), "tmp"), version(n));
        await rename(join(home(), "tmp"), path());
      };
      assert.equal(await tells(replace), `v${n}`);
    }
  });

  it("reports deletion, after a moment's doubt, and of re-creation", async () => {
    await follow();
    assert.equal(await tells(() => unlink(path())), "missing");
    assert.equal(await tells(() => writeFile(path(), version(2))), "v2");
  });

  it("does not mistake delete-and-create for a deletion", async () => {
    await follow();
    const recreate = async () => {
      await unlink(path());
      await writeFile(path(), version(2));
    };
    assert.equal(await tells(recreate), "v2");
  });

  it("reports a file that stays damaged", async () => {
    await follow();
    await tells(() => writeFile(path(), '{"version":')).catch((error) => assert.ok(error instanceof SyntaxError));
    assert.equal(told.length, 1);
    assert.equal(await tells(() => writeFile(path(), version(2))), "v2");
  });

  it("says nothing of a rewrite with the same content, nor of other files", async () => {
    await follow();
    await tellsNothing(async () => {
      await rewrite(version(1));
      for (let n = 0; n < 50; n++) await appendFile(join(home(), "history.jsonl"), "{}\n");
    }, 2);
  });

  it("reports what changed between the caller's reading and the watching", async () => {
    await follow();
    watching?.dispose();
    const known = await readAuthFile(path());
    await writeFile(path(), version(2));
    const next = await new Promise<AuthFileRead>((resolve) => {
      watching = watchAuthFile(path(), resolve, { clock: systemClock, known });
    });
    assert.ok(next.status === "read" && next.text === version(2));
  });

  it("waits for a folder that is not there yet, two levels of it", async () => {
    await rm(home(), { recursive: true });
    await follow();
    const create = async () => {
      await mkdir(home());
      await writeFile(path(), version(2));
    };
    assert.equal(await tells(create), "v2");
    watching?.dispose();

    const deep = join(folder(), "a", "b", "auth.json");
    const told = new Promise<AuthFileRead>((resolve) => {
      watching = watchAuthFile(deep, resolve, { clock: systemClock, known: { status: "missing", path: deep } });
    });
    await mkdir(join(folder(), "a"));
    await mkdir(join(folder(), "a", "b"));
    await writeFile(deep, version(3));
    assert.equal((await told).status, "read");
  });

  it("survives the folder's deletion and re-creation, and its being moved away", async () => {
    await follow();
    assert.equal(await tells(() => rm(home(), { recursive: true })), "missing");
    const create = async () => {
      await mkdir(home());
      await writeFile(path(), version(2));
    };
    assert.equal(await tells(create), "v2");
    const swap = async () => {
      await rename(home(), join(folder(), "away"));
      await mkdir(home());
      await writeFile(path(), version(3));
    };
    assert.equal(await tells(swap), "v3");
    assert.equal(await tells(() => rewrite(version(4))), "v4");
  });

  it("follows a symbolic link: the file it leads to, and the link itself", async () => {
    await rm(path());
    await mkdir(join(folder(), "real"));
    const real = join(folder(), "real", "login.json");
    await writeFile(real, version(1));
    await symlink(real, path());
    await follow();
    assert.equal(await tells(() => writeFile(real, version(2))), "v2");
    const retarget = async () => {
      await writeFile(join(folder(), "other.json"), version(3));
      await symlink(join(folder(), "other.json"), join(home(), "tmp"));
      await rename(join(home(), "tmp"), path());
    };
    assert.equal(await tells(retarget), "v3");
    assert.equal(await tells(() => writeFile(join(folder(), "other.json"), version(4))), "v4");
  });

  it("says nothing after it is disposed, and keeps no handle open", async () => {
    await follow();
    assert.equal(await tells(() => writeFile(path(), version(2))), "v2");
    watching?.dispose();
    await writeFile(path(), version(3));
    // A watcher that was left would hear this no later than this one does.
    await new Promise<void>((resolve) => {
      const known = { status: "missing", path: path() } as const;
      const second = watchAuthFile(path(), () => resolve(), { clock: systemClock, known });
      watching = second;
    });
    assert.equal(told.length, 1);
    watching?.dispose();
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap"),
      [],
    );
  });
});
