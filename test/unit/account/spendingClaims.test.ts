import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRefreshNotes } from "../../../src/account/refreshNotes.ts";
import { createSpendingClaims } from "../../../src/account/spendingClaims.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { ManualClock } from "../../support/manualClock.ts";

const owner = { id: "0123456789abcdef", signedInAt: 1 };
const file = `spending-${owner.id}-${owner.signedInAt}-aaaaaaaaaaaa.`;

describe("A claim on a refresh token", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let lines: string[];
  beforeEach(() => {
    folder = temporaryDirectory();
    clock = new ManualClock();
    lines = [];
  });
  afterEach(() => folder.remove());

  const log = () => {
    const write = (line: string) => lines.push(line);
    return createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
  };
  /** Another window's claims. */
  const window = (directory = folder.path) => createSpendingClaims(directory, clock, log());
  const names = () => readdir(folder.path);
  const take = (claims = window()) => claims.take(owner, "aaaaaaaaaaaa");

  it("is one window's until that releases it", async () => {
    const release = await take();
    assert.ok(release);
    assert.equal(await take(), undefined);
    assert.ok(await window().take(owner, "bbbbbbbbbbbb"), "another token is another matter");
    await release();
    assert.ok(await take());
  });

  it("is one window's, however many ask at the same moment", async () => {
    for (let round = 0; round < 30; round += 1) {
      const taken = (await Promise.all(Array.from({ length: 8 }, () => take()))).filter(Boolean);
      assert.equal(taken.length, 1);
      await taken[0]?.();
    }
    assert.deepEqual(await names(), []);
  });

  it("of a process that has ended is one window's next, however many ask at the same moment", async () => {
    const release = await take();
    const holder = JSON.parse(await readFile(join(folder.path, `${file}1`), "utf8"));
    await release?.();
    const ended = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(ended, "exit");
    for (let round = 0; round < 30; round += 1) {
      await writeFile(join(folder.path, `${file}7`), JSON.stringify({ ...holder, pid: ended.pid }));
      const taken = (await Promise.all(Array.from({ length: 8 }, () => take()))).filter(Boolean);
      assert.equal(taken.length, 1);
      assert.deepEqual(await names(), [`${file}8`]);
      await taken[0]?.();
    }
  });

  for (const [name, text] of [
    ["of another computer", JSON.stringify({ host: "else", pid: 2 ** 22 + 1 })],
    ["that cannot be read", ""],
    ["of a later version", "[]"],
  ] as const) {
    it(`${name} counts until it was watched for long enough, however the clock is set`, async () => {
      await writeFile(join(folder.path, `${file}1`), text);
      const claims = window();
      for (const ms of [0, 365 * 86_400_000, -900 * 86_400_000]) {
        clock.setWall(ms);
        assert.equal(await take(claims), undefined);
      }
      clock.jump(74_000);
      assert.equal(await take(claims), undefined);
      clock.jump(1_000);
      assert.ok(await take(claims));
      // A window that has just seen it does not know how long that has been going on.
      await writeFile(join(folder.path, `${file}9`), text);
      assert.equal(await take(), undefined);
    });
  }

  it("makes the folder that it needs, and keeps nobody from going on where that cannot be", async () => {
    assert.ok(await take(window(join(folder.path, "a", "b"))));
    const blocked = join(folder.path, "file");
    await writeFile(blocked, "");
    assert.ok(await take(window(join(blocked, "c"))));
    assert.match(lines.join(), /Going on without a claim/);
    await mkdir(join(folder.path, "none"));
    await rm(join(folder.path, "none"), { recursive: true });
    assert.ok(await take(window(join(folder.path, "none"))));
  });

  it("holds no secret, and goes with the notes of its sign-in", async () => {
    await take();
    const text = await readFile(join(folder.path, `${file}1`), "utf8");
    assert.deepEqual(Object.keys(JSON.parse(text)), ["host", "pid"]);
    const notes = createRefreshNotes(folder.path);
    const earlier = { ...owner, signedInAt: 0 };
    for (const remove of [notes.remove, notes.removeUpTo]) {
      await take();
      for (const other of [{ ...owner, id: "fedcba9876543210" }, earlier]) await remove.call(notes, other);
      assert.deepEqual(await names(), [`${file}1`]);
      await remove.call(notes, owner);
      assert.deepEqual(await names(), []);
    }
  });
});
