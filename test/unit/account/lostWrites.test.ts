import assert from "node:assert/strict";

import { memoryHint } from "../../support/accountFixture.ts";
import { MemorySecrets, type Misbehaviour } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { always, is } from "./fixture.ts";
import { idOf, memoryLock, memoryNotes, openAccounts, recordOf, type WindowOptions } from "./windows.ts";

const [a, b] = [idOf("a"), idOf("b")];

let secrets: MemorySecrets;
let options: Required<Pick<WindowOptions, "lock" | "hint" | "refreshNotes">>;

function useSharedSecrets(): void {
  beforeEach(() => {
    secrets = new MemorySecrets({ reliable: true });
    options = { lock: memoryLock(), hint: memoryHint(), refreshNotes: memoryNotes() };
  });
}

async function open() {
  const window = openAccounts(secrets, options);
  await window.load();
  return window;
}

describe("A store that is lost without a word", () => {
  useSharedSecrets();
  const stored = (id: string) => JSON.parse(secrets.values.get(`credential.${id}`) ?? "null");
  const namesOf = (window: Awaited<ReturnType<typeof open>>) => window.state.accounts.map(({ id }) => id).toSorted();

  for (const key of [`credential.${a}`, "accounts", "accounts.copy"]) {
    for (const losses of [1, 2]) {
      it(`of “${key.slice(0, 10)}” of a sign-in is noticed and written again (lost ${losses} times)`, async () => {
        const window = await open();
        await window.storeSignIn(recordOf("b"));
        secrets.script("store", key, ...always<Misbehaviour>("lost").slice(0, losses));
        await window.storeSignIn(recordOf("a"));
        assert.deepEqual(namesOf(await open()), [a, b].toSorted());
      });
    }
  }

  it("of a refreshed record is noticed, and the older one that is read is not what a window that starts finds", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a"));
    secrets.script("store", `credential.${a}`, "lost", "lost");
    await window.store(recordOf("a", 1_000, 1));
    assert.equal((await open()).entry(a)?.credential.sequence, 1);
  });

  it("of a change of the same age is noticed", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a"));
    secrets.script("store", `credential.${a}`, "lost");
    await window.update(a, (credential) => ({ ...credential, creditsAskedAt: 7 }));
    assert.equal(stored(a).creditsAskedAt, 7);
  });

  it("again and again costs a bounded number of tries, and is made good when the record is read again", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a"));
    const before = secrets.writes;
    secrets.script("store", `credential.${a}`, ...always<Misbehaviour>("lost"));
    await window.store(recordOf("a", 1_000, 1));
    assert.ok(secrets.writes - before <= 4, `${secrets.writes - before} writes`);
    assert.equal(stored(a).sequence, 0);
    secrets.settle();
    await window.reload();
    await eventually(() => assert.equal(stored(a).sequence, 1));
  });

  it("of a record that is gone later is made good by a window that knows it", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a"));
    for (const text of [undefined, "{", JSON.stringify(recordOf("b"))]) {
      if (text === undefined) secrets.values.delete(`credential.${a}`);
      else secrets.values.set(`credential.${a}`, text);
      await window.reload();
      await eventually(() => assert.deepEqual(stored(a), recordOf("a")));
    }
  });

  it("is not made good over a newer version's record, nor over tokens that are newer according to the note", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a"));
    await window.store(recordOf("a", 1_000, 1));
    const newer = '{"version":3,"sealed":true}';
    secrets.values.set(`credential.${a}`, newer);
    await window.reload();
    await window.reload();
    assert.equal(secrets.values.get(`credential.${a}`), newer);
    await options.refreshNotes.write(recordOf("a"), { sequence: 2, hash: "", at: 0 });
    secrets.values.set(`credential.${a}`, JSON.stringify(recordOf("a")));
    for (let round = 0; round < 3; round += 1) await window.reload();
    assert.equal(stored(a).sequence, 0, "only a window that has the newest tokens writes them");
  });

  it("is not made good after a sign-out in another window", async () => {
    const [window, other] = [await open(), await open()];
    await window.storeSignIn(recordOf("a"));
    await other.load();
    await other.reload();
    await other.signOutAccount(a);
    await window.reload();
    await window.reload();
    assert.ok(!secrets.values.has(`credential.${a}`));
  });

  it("that was reported as failed and has landed is a store", async () => {
    const window = await open();
    await window.storeSignIn(recordOf("a"));
    secrets.script("store", `credential.${a}`, "landed");
    await window.store(recordOf("a", 1_000, 1));
    assert.equal(window.entry(a)?.credential.sequence, 1);
    secrets.script("store", `credential.${a}`, "rejects");
    await assert.rejects(window.store(recordOf("a", 1_000, 2)), is("saveFailed"));
    assert.equal(window.entry(a)?.credential.sequence, 1);
  });

  it("does not delay a sign-in for long where the keyring does not answer the check", async () => {
    const window = await open();
    secrets.script("get", `credential.${a}`, "nothing", "nothing", "nothing", "hangs");
    await window.storeSignIn(recordOf("a"));
    assert.equal(window.state.active?.id, a);
  });
});

describe("Windows of which one has read an older record", () => {
  useSharedSecrets();
  const stored = () => JSON.parse(secrets.values.get(`credential.${a}`) ?? "null");

  it("do not store its refusal over the newer one, whether that can be read or only the note tells", async () => {
    const first = await open();
    await first.storeSignIn(recordOf("a"));
    await first.store(recordOf("a", 1_000, 1));
    for (const canBeRead of [true, false]) {
      secrets.script("get", `credential.${a}`, "older");
      const late = await open();
      assert.equal(late.entry(a)?.credential.sequence, 0);
      if (!canBeRead) secrets.script("get", `credential.${a}`, ...always<Misbehaviour>("older"));
      if (!canBeRead) await options.refreshNotes.write(recordOf("a"), { sequence: 1, hash: "", at: 0 });
      await late.store({ ...recordOf("a"), rejected: "reused" });
      secrets.settle();
      assert.deepEqual(stored(), recordOf("a", 1_000, 1));
      await late.reload();
      assert.deepEqual(late.entry(a)?.credential, recordOf("a", 1_000, 1));
    }
  });

  it("do not store an earlier sign-in over a later one", async () => {
    const first = await open();
    await first.storeSignIn(recordOf("a"));
    const late = await open();
    await first.storeSignIn(recordOf("a", 2_000));
    await late.store({ ...recordOf("a"), creditsAskedAt: 1 });
    assert.deepEqual(stored(), recordOf("a", 2_000));
    assert.deepEqual(late.entry(a)?.credential, recordOf("a", 2_000));
  });

  it("end what the index tells of when somebody signs out there, and not a sign-in that has come since", async () => {
    const first = await open();
    await first.storeSignIn(recordOf("a"));
    await first.storeSignIn(recordOf("a", 2_000));
    secrets.script("get", `credential.${a}`, ...always<Misbehaviour>("older"));
    const late = await open();
    assert.equal(late.entry(a)?.credential.signedInAt, 1_000);
    await late.end(a);
    secrets.settle();
    assert.equal((await open()).state.accounts.length, 0);
    await first.reload();
    assert.equal(first.state.accounts.length, 0);
  });

  it("come to rest: nobody writes when all is read right", async () => {
    const windows = [await open(), await open(), await open()];
    await windows[0]?.storeSignIn(recordOf("a"));
    await windows[1]?.storeSignIn(recordOf("b"));
    for (const window of windows) await window.reload();
    await windows[2]?.store(recordOf("a", 1_000, 1));
    secrets.values.set(`credential.${a}`, JSON.stringify({ ...recordOf("a", 1_000, 1), creditsAskedAt: 3 }));
    for (let round = 0; round < 3; round += 1) for (const window of windows) await window.reload();
    const before = secrets.writes;
    for (let round = 0; round < 3; round += 1) for (const window of windows) await window.reload();
    assert.equal(secrets.writes, before);
    for (const window of windows) assert.equal(window.entry(a)?.credential.sequence, 1);
  });
});
