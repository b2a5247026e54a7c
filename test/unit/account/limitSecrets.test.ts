import assert from "node:assert/strict";
import { access } from "node:fs";
import { KeyringSilent, type LimitedSecrets, limitSecrets } from "../../../src/account/limitSecrets.ts";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { sentenceFor } from "../../../src/shared/problem.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { is } from "./fixture.ts";

const limits = { readMs: 20, writeMs: 20 };

/** The same secrets, of which no read is answered. */
const hangingReads = (secrets: MemorySecrets): SecretStorage => ({
  get: () => new Promise(() => {}),
  store: (key, value) => secrets.store(key, value),
  delete: (key) => secrets.delete(key),
  onDidChange: secrets.onDidChange,
});

describe("A keyring that does not answer", () => {
  let secrets: MemorySecrets;
  beforeEach(() => {
    secrets = new MemorySecrets({ reliable: true });
  });

  it("is not waited for longer than the limit, and says what to do; what it answers later is dropped", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.values.set("key", "value");
    secrets.script("get", "key", "hangs");
    await assert.rejects(limited.get("key"), (error) => {
      assert.match(sentenceFor(error), /didn't respond.*keyring is asking for its password, then try again/);
      return is("keyringSilent")(error);
    });
    assert.equal(await limited.get("key"), "value");
    secrets.answerNow();
    assert.equal(await limited.get("key"), "value");
  });

  it("has 10 s for a read and 30 s for a write by default", async () => {
    for (const call of ["get", "store", "delete"] as const) secrets.script(call, "key", "hangs");
    const { setTimeout: original } = globalThis;
    let waitedMs = 0;
    globalThis.setTimeout = ((callback: () => void, ms: number) => {
      waitedMs += ms;
      return original(callback, 0);
    }) as typeof setTimeout;
    const waits: number[] = [];
    const calls = [
      () => limitSecrets(secrets).get("key"),
      () => limitSecrets(secrets).store("key", "value"),
      () => limitSecrets(secrets).delete("key"),
    ];
    try {
      for (const call of calls) {
        waitedMs = 0;
        await assert.rejects(call(), is("keyringSilent"));
        waits.push(waitedMs);
      }
    } finally {
      globalThis.setTimeout = original;
    }
    assert.deepEqual(waits, [10_000, 30_000, 30_000]);
  });

  it("is believed when its answer came in time and was only handled late", async () => {
    secrets.get = () => new Promise((resolve) => access(".", () => resolve("in time")));
    const read = limitSecrets(secrets, limits).get("key");
    const end = performance.now() + 300;
    while (performance.now() < end);
    assert.equal(await read, "in time");
  });

  it("at once gets the writes of a secret one after the other, in the order of the calls", async () => {
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const slow: SecretStorage = {
      get: async () => undefined,
      store: (key, value) => {
        begun.push(`${key} ${value}`);
        return new Promise<void>((resolve) => ends.push(resolve));
      },
      delete: async () => {},
      onDidChange: secrets.onDidChange,
    };
    const limited = limitSecrets(slow, { readMs: 60_000, writeMs: 60_000 });
    const writes = [limited.store("key", "1"), limited.store("key", "2"), limited.store("other", "3")];
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(begun, ["key 1", "other 3"]);
    ends[0]?.();
    await writes[0];
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(begun, ["key 1", "other 3", "key 2"]);
    for (const end of ends) end();
    await Promise.all(writes);
  });

  it("that rejects is reported in our words", async () => {
    const limited = limitSecrets(secrets);
    secrets.script("get", "key", "rejects");
    await assert.rejects(limited.get("key"), is("keyringFailed"));
    await limited.store("key", "value");
    assert.equal(await limited.get("key"), "value");
  });

  it("once does not keep the next writes of that secret from being stored", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.script("store", "key", "hangs");
    await assert.rejects(limited.store("key", "one"), is("keyringSilent"));
    await limited.store("key", "two");
    await limited.store("other", "value");
    await limited.delete("key");
    await limited.store("key", "three");
    assert.equal(secrets.values.get("key"), "three");
  });

  it("for one secret does not hold up another, nor a write that was given up before it had begun", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.script("store", "key", "hangs");
    const [one, two, other] = await Promise.allSettled([
      limited.store("key", "one"),
      limited.store("key", "two"),
      limited.store("other", "value"),
    ]);
    assert.deepEqual([one.status, other.status], ["rejected", "fulfilled"]);
    secrets.answerNow();
    await limited.store("key", "three");
    await eventually(() => assert.equal(secrets.values.get("key"), "three"));
    assert.ok(two.status);
  });

  const writes = {
    store: (limited: LimitedSecrets, value: string) => limited.store("key", value),
    delete: (limited: LimitedSecrets, _value: string) => limited.delete("key"),
  };
  for (const late of ["store", "delete"] as const) {
    for (const next of ["store", "delete"] as const) {
      if (late === "delete" && next === "delete") continue;
      it(`does not put a late ${late} over a ${next} that came after it`, async () => {
        const limited = limitSecrets(secrets, limits);
        await limited.store("key", "before");
        secrets.script(late, "key", "hangs");
        await assert.rejects(writes[late](limited, "old"), is("keyringSilent"));
        await writes[next](limited, "new");
        const expected = next === "store" ? "new" : undefined;
        assert.equal(secrets.values.get("key"), expected);
        secrets.answerNow();
        await eventually(() => assert.equal(secrets.hanging, 0));
        await eventually(() => assert.equal(secrets.values.get("key"), expected));
      });
    }
  }

  it("does not put a late store over one that is still under way, nor over the next after that", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.script("store", "key", "hangs", "hangs", "hangs");
    for (const value of ["one", "two", "three"]) {
      await assert.rejects(limited.store("key", value), is("keyringSilent"));
    }
    const last = limited.store("key", "four");
    secrets.answerNow();
    await last;
    await eventually(() => assert.equal(secrets.values.get("key"), "four"));
  });

  it("late settles for whoever gave it up when the newer value is in place again", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.script("store", "key", "hangs");
    const error = await limited.store("key", "old").catch((reason: unknown) => reason);
    assert.ok(error instanceof KeyringSilent);
    await limited.store("key", "new");
    secrets.answerNow();
    await error.late;
    assert.equal(secrets.values.get("key"), "new");
  });

  it("late is not replaced by an older value where another window has stored one meanwhile", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.script("store", "key", "hangs");
    const error = await limited.store("key", "old").catch((reason: unknown) => reason);
    assert.ok(error instanceof KeyringSilent);
    await limited.store("key", "new");
    const get = secrets.get.bind(secrets);
    secrets.get = async (key) => {
      secrets.get = get;
      secrets.values.set("key", "another window's");
      return get(key);
    };
    secrets.answerNow();
    await error.late;
    assert.equal(secrets.values.get("key"), "another window's");
  });

  it("late is waited for through two limits, of which either may end first", async () => {
    for (const outer of [10, 20, 60]) {
      const limited = limitSecrets(limitSecrets(secrets, limits), { readMs: 20, writeMs: outer });
      secrets.script("store", "key", "hangs");
      const error = await limited.store("key", "value").catch((reason: unknown) => reason);
      assert.ok(error instanceof KeyringSilent);
      let isSettled = false;
      const settled = error.late.finally(() => {
        isSettled = true;
      });
      await assert.rejects(limitSecrets(hangingReads(secrets), { readMs: 60 }).get("other"), is("keyringSilent"));
      assert.equal(isSettled, false, `the outer limit is ${outer} ms`);
      secrets.answerNow();
      await settled;
      assert.equal(secrets.values.get("key"), "value");
    }
  });

  it("late says that it has failed, and changes nothing", async () => {
    const limited = limitSecrets(secrets, limits);
    secrets.script("store", "key", "hangs");
    const error = await limited.store("key", "old").catch((reason: unknown) => reason);
    assert.ok(error instanceof KeyringSilent);
    secrets.failingStores = 1;
    secrets.answerNow();
    await assert.rejects(error.late);
    await limited.store("key", "new");
    assert.equal(secrets.values.get("key"), "new");
  });
});
