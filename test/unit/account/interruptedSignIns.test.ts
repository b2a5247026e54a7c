import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseIndex } from "../../../src/account/accountIndex.ts";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { createSignInNotes, type SignInNotes } from "../../../src/account/signInNotes.ts";
import { memoryHint } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { always, day, is } from "./fixture.ts";
import { idOf, memoryLock, memoryNotes, memorySignInNotes, openAccounts, recordOf } from "./windows.ts";

const [a, b] = [idOf("a"), idOf("b")];
const limits = { readMs: 20, writeMs: 20 };

describe("A sign-in whose window is killed while it is being stored", () => {
  let secrets: MemorySecrets;
  let signInNotes: ReturnType<typeof memorySignInNotes>;
  let clock: ManualClock;
  let options: NonNullable<Parameters<typeof openAccounts>[1]>;
  beforeEach(async () => {
    secrets = new MemorySecrets({ reliable: true });
    signInNotes = memorySignInNotes();
    clock = new ManualClock(1_000);
    options = { hint: memoryHint(), refreshNotes: memoryNotes(), signInNotes, clock };
    await openAccounts(secrets, options).storeSignIn(recordOf("b", 500));
  });
  const open = async () => {
    const window = openAccounts(secrets, options);
    await window.load();
    return window;
  };
  const namesOf = (window: Awaited<ReturnType<typeof open>>) => window.state.accounts.map(({ id }) => id).toSorted();
  const index = () => parseIndex(secrets.values.get("accounts")).index;

  /** Signs in in a window whose calls do nothing any more from one of them on. Its lock goes with it. */
  const killAt = async (call: string, name = "a", signedInAt = 1_000) => {
    let isKilled = false;
    const killed = Promise.withResolvers<void>();
    const hung = new Promise<never>(() => {});
    const guard = <T>(made: string, work: () => Promise<T>): Promise<T> => {
      isKilled ||= made === call;
      if (!isKilled) return work();
      killed.resolve();
      return hung;
    };
    const seen: SecretStorage = {
      get: (key) => guard(`get ${key}`, () => secrets.get(key)),
      store: (key, value) => guard(`store ${key}`, () => secrets.store(key, value)),
      delete: (key) => guard(`delete ${key}`, () => secrets.delete(key)),
      onDidChange: secrets.onDidChange,
    };
    const notes: SignInNotes = {
      add: (signIn) => guard("add note", () => signInNotes.add(signIn)),
      remove: (signIn) => guard("remove note", () => signInNotes.remove(signIn)),
      list: () => guard("list notes", () => signInNotes.list()),
    };
    const window = openAccounts(seen, { ...options, lock: memoryLock(), signInNotes: notes, limits });
    void window.storeSignIn(recordOf(name, signedInAt)).catch(() => {});
    await killed.promise;
  };

  it("is completed by the next window, before the index names it", async () => {
    await killAt("store accounts");
    assert.deepEqual(index()?.ids, [b]);
    const window = await open();
    await eventually(() => assert.deepEqual(namesOf(window), [a, b].toSorted()));
    await eventually(async () => assert.deepEqual(await signInNotes.list(), []));
    assert.deepEqual(index()?.ids.toSorted(), [a, b].toSorted());
    assert.equal(window.entry(a)?.credential.tokens.accessToken, "access-a-1000-0");
    assert.equal(window.state.active?.id, b, "who was active stays so");
    assert.deepEqual(namesOf(await open()), [a, b].toSorted());
  });

  it("is completed where nobody was signed in before", async () => {
    secrets.values.clear();
    options.hint = memoryHint();
    await killAt("store accounts");
    const window = await open();
    await eventually(() => assert.equal(window.state.active?.id, a));
    assert.equal(options.hint.get(), true);
    assert.equal(window.state.notice, undefined);
  });

  it("is completed by a window that is open already, when that reads again", async () => {
    const window = await open();
    await killAt("store accounts");
    await window.reload();
    await eventually(() => assert.deepEqual(namesOf(window), [a, b].toSorted()));
  });

  it("is completed though its clock was behind an earlier sign-in that has ended", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a", 9_000));
    await window.end(a);
    await window.ended.deleteRecord(a, () => true);
    await killAt("store accounts");
    const late = await open();
    await eventually(() => assert.equal(late.entry(a)?.credential.tokens.accessToken, "access-a-1000-0"));
  });

  it("leaves nothing when its record was not stored, and its note goes after a month", async () => {
    await killAt(`store credential.${a}`);
    const window = await open();
    await window.reload();
    assert.deepEqual(namesOf(window), [b]);
    assert.equal((await signInNotes.list()).length, 1, "the record may only have read as missing");
    await clock.advance(31 * day);
    await window.reload();
    await eventually(async () => assert.deepEqual(await signInNotes.list(), []));
    assert.deepEqual(index()?.ids, [b]);
  });

  it("is found when its record reads as missing once", async () => {
    await killAt("store accounts");
    secrets.script("get", `credential.${a}`, "nothing");
    const window = await open();
    await eventually(async () => {
      await window.reload();
      assert.deepEqual(namesOf(window), [a, b].toSorted());
    });
  });

  it("is complete when only its note was left, which then goes", async () => {
    await killAt("remove note");
    const before = secrets.values.get("accounts");
    const window = await open();
    assert.deepEqual(namesOf(window), [a, b].toSorted());
    await eventually(async () => assert.deepEqual(await signInNotes.list(), []));
    assert.equal(secrets.values.get("accounts"), before, "nothing was to be written");
  });

  it("stays ended when somebody has signed out since", async () => {
    await killAt("remove note");
    const window = openAccounts(secrets, { ...options, signInNotes: memorySignInNotes() });
    await window.load();
    await window.end(a);
    const late = await open();
    await eventually(async () => assert.deepEqual(await signInNotes.list(), []));
    assert.deepEqual(namesOf(late), [b]);
    assert.deepEqual(index()?.ids, [b]);
  });

  it("is left to its window while that is still storing it", async () => {
    const lock = memoryLock();
    const slow = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const seen: SecretStorage = {
      get: (key) => secrets.get(key),
      store: async (key, value) => {
        if (key === "accounts") {
          reached.resolve();
          await slow.promise;
          throw new Error("the keyring is locked");
        }
        await secrets.store(key, value);
      },
      delete: (key) => secrets.delete(key),
      onDidChange: secrets.onDidChange,
    };
    const storing = openAccounts(seen, { ...options, lock }).storeSignIn(recordOf("a"));
    await reached.promise;
    const window = openAccounts(secrets, { ...options, lock });
    await window.load();
    await window.reload();
    assert.deepEqual(namesOf(window), [b]);
    slow.resolve();
    await assert.rejects(storing, is("saveFailed"));
    await eventually(async () => assert.deepEqual(await signInNotes.list(), []));
    await window.reload();
    assert.deepEqual(namesOf(window), [b]);
    assert.deepEqual(index()?.ids, [b]);
    assert.equal(secrets.values.has(`credential.${a}`), false);
  });

  it("is left for later while the index cannot be read", async () => {
    await killAt("store accounts");
    const window = await open();
    await eventually(() => assert.deepEqual(namesOf(window), [a, b].toSorted()));
    await killAt("store accounts", "c");
    secrets.script("get", "accounts", ...always("rejects" as const));
    const late = await open();
    for (let reads = 0; reads < 5; reads += 1) await late.reload();
    assert.deepEqual(namesOf(late), [a, b].toSorted());
    assert.equal((await signInNotes.list()).length, 1);
    secrets.settle();
    await late.reload();
    await eventually(async () => assert.deepEqual(await signInNotes.list(), []));
    assert.deepEqual(namesOf(late), [a, b, idOf("c")].toSorted());
  });
});

describe("The note of a sign-in that is being stored", () => {
  it("goes when it is stored, and when it cannot be", async () => {
    const secrets = new MemorySecrets({ reliable: true });
    const signInNotes = memorySignInNotes();
    let noted = 0;
    const add: SignInNotes["add"] = async (signIn) => {
      noted += 1;
      await signInNotes.add(signIn);
    };
    const window = openAccounts(secrets, { signInNotes: { ...signInNotes, add } });
    await window.storeSignIn(recordOf("a"));
    assert.deepEqual(await signInNotes.list(), []);
    secrets.script("store", "*", ...Array.from({ length: 20 }, () => "rejects" as const));
    await assert.rejects(window.storeSignIn(recordOf("b")), is("saveFailed"));
    assert.deepEqual(await signInNotes.list(), []);
    assert.equal(noted, 2);
  });

  it("is there before the record is stored", async () => {
    const done: string[] = [];
    const secrets = new MemorySecrets({ reliable: true });
    const store = secrets.store.bind(secrets);
    Object.assign(secrets, {
      store(key: string, value: string) {
        done.push(key);
        return store(key, value);
      },
    });
    const add: SignInNotes["add"] = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push("note");
    };
    await openAccounts(secrets, { signInNotes: { ...memorySignInNotes(), add } }).storeSignIn(recordOf("a"));
    assert.deepEqual(done.slice(0, 2), ["note", `credential.${a}`]);
  });

  it("is not needed for the sign-in", async () => {
    const fails = () => Promise.reject(new Error("EROFS"));
    const signInNotes: SignInNotes = { add: fails, remove: fails, list: async () => [] };
    const window = openAccounts(new MemorySecrets({ reliable: true }), { signInNotes });
    await window.storeSignIn(recordOf("a"));
    assert.equal(window.state.active?.id, a);
    assert.ok(window.lines.some((line) => line.includes("was not noted")));
  });

  describe("in the shared folder", () => {
    const folder = temporaryDirectory();
    after(() => folder.remove());

    it("is an empty file that its name tells everything of", async () => {
      const notes = createSignInNotes(join(folder.path, "new"));
      assert.deepEqual(await notes.list(), []);
      const signIns = [recordOf("a", 1_000.5), recordOf("b", 7)].map(({ id, signedInAt }) => ({ id, signedInAt }));
      for (const signIn of signIns) await notes.add(signIn);
      await writeFile(join(folder.path, "new", `signing-in-${a}-1.tmp`), "");
      await mkdir(join(folder.path, "new", `${a}.lock`));
      const byTime = (one: { signedInAt: number }, other: { signedInAt: number }) => one.signedInAt - other.signedInAt;
      assert.deepEqual((await notes.list()).toSorted(byTime), signIns.toSorted(byTime));
      for (const signIn of signIns) await notes.remove(signIn);
      assert.deepEqual(await notes.list(), []);
      assert.equal((await readdir(join(folder.path, "new"))).length, 2);
      await notes.remove(recordOf("a"));
    });

    it("cannot be written where a file has the folder's name", async () => {
      await writeFile(join(folder.path, "file"), "");
      const notes = createSignInNotes(join(folder.path, "file"));
      await assert.rejects(notes.add(recordOf("a")));
      assert.deepEqual(await notes.list(), []);
    });
  });
});
