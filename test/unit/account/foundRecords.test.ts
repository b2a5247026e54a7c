import assert from "node:assert/strict";
import { endedWithLeft, parseIndex } from "../../../src/account/accountIndex.ts";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { memoryHint } from "../../support/accountFixture.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { is } from "./fixture.ts";
import { idOf, memoryLock, memoryNotes, openAccounts, recordOf } from "./windows.ts";

const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];

describe("Records that no index names", () => {
  let secrets: MemorySecrets & { keys?: () => Promise<string[]> };
  let options: Parameters<typeof openAccounts>[1];
  beforeEach(async () => {
    secrets = new MemorySecrets({ reliable: true });
    secrets.keys = async () => [...secrets.values.keys()];
    options = { lock: memoryLock(), hint: memoryHint(), refreshNotes: memoryNotes() };
    const window = await open();
    await window.storeSignIn(recordOf("b"));
    await window.storeSignIn(recordOf("a"));
  });
  const open = async () => {
    const window = openAccounts(secrets, options);
    await window.load();
    return window;
  };
  const index = () => {
    const texts = ["accounts", "accounts.copy"].map((key) => parseIndex(secrets.values.get(key)).index);
    return texts[0] ?? texts[1];
  };
  const namesOf = (window: Awaited<ReturnType<typeof open>>) => window.state.accounts.map(({ id }) => id).toSorted();
  const damage = (text: string | undefined) => {
    for (const key of ["accounts", "accounts.copy"]) {
      if (text === undefined) secrets.values.delete(key);
      else secrets.values.set(key, text);
    }
  };

  for (const [name, text] of [
    ["is missing", undefined],
    ["is corrupt", '{"version":1,"ids":'],
    ["is empty", JSON.stringify({ version: 1, ids: [], generation: 9 })],
    ["names only one", JSON.stringify({ version: 1, ids: [a], active: a, generation: 9 })],
  ] as const) {
    it(`are found again where the index ${name}, and put back into it`, async () => {
      damage(text);
      const window = await open();
      assert.deepEqual(namesOf(window), [a, b].toSorted());
      await eventually(() => assert.deepEqual(index()?.ids.toSorted(), [a, b].toSorted()));
      secrets.keys = () => Promise.reject(new Error("no keys"));
      assert.deepEqual(namesOf(await open()), [a, b].toSorted());
      if (text?.endsWith(":")) assert.equal(secrets.values.get("setAside.accounts"), text);
    });
  }

  it("are not looked for where the index is a newer version's, or cannot be read", async () => {
    damage('{"version":2}');
    assert.deepEqual(namesOf(await open()), []);
    assert.equal(secrets.values.get("accounts"), '{"version":2}');
  });

  it("of a sign-in that has ended are noted as left, and the account stays signed out", async () => {
    const window = await open();
    await window.signOutAccount(a);
    for (const text of [JSON.stringify(recordOf("a")), "{"]) {
      await eventually(() => assert.equal(window.state.accounts.length, 1));
      secrets.values.set(`credential.${a}`, text);
      assert.deepEqual(namesOf(await open()), [b]);
      await eventually(() => assert.deepEqual(endedWithLeft(index() ?? { version: 1, ids: [] })[0]?.id, a));
      secrets.values.delete(`credential.${a}`);
    }
  });

  it("of a sign-in that has ended are found also where the host does not list its secrets", async () => {
    const window = await open();
    await window.signOutAccount(a);
    await window.ended.settle({ id: a, signedInAt: 1_000 });
    Reflect.deleteProperty(secrets, "keys");
    secrets.values.set(`credential.${a}`, JSON.stringify(recordOf("a")));
    assert.deepEqual(namesOf(await open()), [b]);
    await eventually(() => assert.equal(endedWithLeft(index() ?? { version: 1, ids: [] })[0]?.id, a));
  });

  it("come of a store that was given up, and are of a sign-in that has ended for every window", async () => {
    options = { ...options, limits: { writeMs: 20 } };
    const window = await open();
    secrets.script("store", `credential.${c}`, "hangs");
    await assert.rejects(window.storeSignIn(recordOf("c")), is("keyringSilent"));
    secrets.values.set(`credential.${c}`, JSON.stringify(recordOf("c")));
    assert.deepEqual(namesOf(await open()), [a, b].toSorted());
    await eventually(() => assert.equal(endedWithLeft(index() ?? { version: 1, ids: [] })[0]?.id, c));
  });

  it("of a later sign-in than the one that has ended are put back", async () => {
    const window = await open();
    await window.signOutAccount(a);
    secrets.values.set(`credential.${a}`, JSON.stringify(recordOf("a", 5_000)));
    assert.deepEqual(namesOf(await open()), [a, b].toSorted());
  });

  it("and cannot be read, or are another account's, stay where they are", async () => {
    const others = { [`credential.${c}`]: "{", "credential.0000000000000000": JSON.stringify(recordOf("a")) };
    for (const [key, text] of Object.entries(others)) secrets.values.set(key, text);
    assert.deepEqual(namesOf(await open()), [a, b].toSorted());
    for (const [key, text] of Object.entries(others)) assert.equal(secrets.values.get(key), text);
  });

  for (const [name, keys] of [
    ["does not list its secrets", undefined],
    ["fails to", () => Promise.reject(new Error("no keys"))],
    ["never does", () => new Promise<string[]>(() => {})],
    ["lists none", async () => []],
  ] as const) {
    it(`cost nothing where the host ${name}`, async () => {
      if (keys) secrets.keys = keys as () => Promise<string[]>;
      else Reflect.deleteProperty(secrets, "keys");
      options = { ...options, limits: { readMs: 20 } };
      assert.deepEqual(namesOf(await open()), [a, b].toSorted());
    });
  }
});

describe("Accounts in several profiles, which share the secrets and not the hint", () => {
  let secrets: MemorySecrets;
  const lock = memoryLock();
  beforeEach(() => {
    secrets = new MemorySecrets({ reliable: true });
  });
  const profile = () => {
    const hint = memoryHint();
    return {
      hint,
      open: async () => {
        const window = openAccounts(secrets, { lock, hint });
        await window.load();
        return window;
      },
    };
  };

  for (const loss of ["", "accounts", "accounts.copy"]) {
    it(`that were signed out in another one are not missed${loss && `, though “${loss}” is gone`}`, async () => {
      const [one, other] = [profile(), profile()];
      const first = await one.open();
      await first.storeSignIn(recordOf("b"));
      await first.storeSignIn(recordOf("a"));
      const second = await other.open();
      assert.equal(second.state.accounts.length, 2, "a profile without a hint finds them");
      assert.equal(other.hint.get(), true);
      await second.signOutAccount(a);
      await second.signOutAccount(b);
      secrets.values.delete(loss);
      const late = await one.open();
      assert.equal(late.state.notice, undefined);
      assert.equal(late.state.accounts.length, 0);
      assert.equal((await one.open()).state.notice, undefined, "and not at the next start either");
      // What the copy does not name may be in an index that reads as missing.
      assert.equal(one.hint.get(), loss === "accounts");
    });
  }

  it("that are really gone are missed", async () => {
    const one = profile();
    await (await one.open()).storeSignIn(recordOf("a"));
    secrets.values.clear();
    assert.equal((await one.open()).state.notice, "notKept");
  });

  it("are not missed when another window signs out between the reading of the index and of the record", async () => {
    const one = profile();
    const first = await one.open();
    await first.storeSignIn(recordOf("b"));
    await first.storeSignIn(recordOf("a"));
    let removed: Promise<unknown> | undefined;
    const removeOnce = () => {
      removed ??= first.signOutAccount(a);
      return removed;
    };
    const slow: SecretStorage = {
      get: async (key) => {
        if (key.startsWith("credential.")) await removeOnce();
        return secrets.get(key);
      },
      store: (key, value) => secrets.store(key, value),
      delete: (key) => secrets.delete(key),
      onDidChange: secrets.onDidChange,
    };
    const late = openAccounts(slow, { lock, hint: one.hint });
    await late.load();
    assert.equal(late.state.notice, undefined);
    assert.deepEqual(
      late.state.accounts.map(({ id }) => id),
      [b],
    );
  });
});
