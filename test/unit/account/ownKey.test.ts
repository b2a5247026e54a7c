import assert from "node:assert/strict";
import { environmentKey } from "../../../src/account/environmentKey.ts";
import { OwnKeyStore } from "../../../src/account/ownKey.ts";
import {
  type EnvironmentKeyOfferDependencies,
  offerEnvironmentKey,
} from "../../../src/editor/apiKey/environmentKeyOffer.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { always } from "./fixture.ts";

describe("The person's own API key", () => {
  let secrets: MemorySecrets;
  let lines: string[];
  beforeEach(() => {
    secrets = new MemorySecrets();
    lines = [];
  });

  async function open(): Promise<OwnKeyStore> {
    const write = (line: string) => lines.push(line);
    const store = new OwnKeyStore({
      secrets,
      log: createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
    });
    await store.load();
    return store;
  }

  it("is adopted from another window, and gone when it was removed there", async () => {
    const [one, other] = [await open(), await open()];
    const changed = () => new Promise<void>((resolve) => one.onDidChange(() => resolve()));
    const set = changed();
    await other.set("sk-own-key-0001", true);
    await set;
    assert.equal(one.current?.key, "sk-own-key-0001");
    const removed = changed();
    await other.remove();
    await removed;
    assert.equal(one.current, undefined);
  });

  it("is not set when no header can hold it, and stays as it was", async () => {
    const store = await open();
    await store.set("sk-own-key-0001", true);
    for (const key of [
      "",
      "sk-own key",
      "sk-own-key\n",
      "sk-own-key-é",
      "sk-own-key\r\nX-Other: 1",
      "\u200bsk-own-key",
    ]) {
      await assert.rejects(
        store.set(key, true),
        (error) => isProblem(error, "keyUnusable") && !error.message.includes("sk-"),
      );
    }
    assert.equal(store.current?.key, "sk-own-key-0001");
    assert.ok(!lines.join().includes("sk-own-key"));
  });

  it("stays as it was when a store fails", async () => {
    const store = await open();
    await store.set("sk-own-key-0001", true);
    secrets.failingStores = 1;
    await assert.rejects(store.set("sk-own-key-0002", true), (error) => isProblem(error, "saveFailed"));
    assert.equal(store.current?.key, "sk-own-key-0001");
    assert.ok(!lines.join().includes("sk-own-key"));
  });

  it("that cannot be read is kept aside when another one is set, and deleted when that is removed", async () => {
    const unsendable = JSON.stringify({ version: 1, key: "sk-own-key\r\nX: 1", checked: true });
    for (const text of ["{", '{"version":2,"sealed":true}', unsendable]) {
      secrets.values.set("ownKey", text);
      const store = await open();
      assert.equal(store.current, undefined);
      await store.set("sk-own-key-0001", true);
      assert.equal(secrets.values.get("setAside.ownKey"), text);
      await store.set("sk-own-key-0002", true);
      assert.equal(secrets.values.get("setAside.ownKey"), text);
      await store.remove();
      assert.equal(secrets.values.size, 0);
    }
  });
});

describe("An own key that is read wrongly", () => {
  let secrets: MemorySecrets;
  beforeEach(() => {
    secrets = new MemorySecrets({ reliable: true });
  });
  const open = () =>
    new OwnKeyStore({
      secrets,
      log: createLogger(() => ({ debug() {}, info() {}, warn() {}, error() {} })),
    });

  for (const misbehaviour of ["nothing", "older"] as const) {
    it(`(${misbehaviour}) stays`, async () => {
      const ownKey = open();
      await ownKey.set("sk-own-key-0001", true);
      await ownKey.set("sk-own-key-0002", true);
      secrets.script("get", "ownKey", ...always(misbehaviour));
      await ownKey.reload();
      assert.equal(ownKey.current?.key, "sk-own-key-0002");
    });
  }

  it("(unreadable) stays, and the stored text is kept aside when another one is set", async () => {
    const ownKey = open();
    await ownKey.set("sk-own-key-0001", true);
    secrets.values.set("ownKey", '{"version":2}');
    await ownKey.reload();
    assert.equal(ownKey.current?.key, "sk-own-key-0001");
    secrets.script("get", "ownKey", ...always("nothing" as const));
    await ownKey.reload();
    await ownKey.set("sk-own-key-0002", true);
    assert.equal(secrets.values.get("setAside.ownKey"), '{"version":2}');
  });

  it("(nothing, at the start) is kept aside all the same when another one is set", async () => {
    secrets.values.set("ownKey", '{"version":2}');
    secrets.script("get", "ownKey", "nothing", "nothing", "nothing");
    const ownKey = open();
    await ownKey.load();
    await ownKey.set("sk-own-key-0001", true);
    assert.equal(secrets.values.get("setAside.ownKey"), '{"version":2}');
  });

  it("(removed) is no longer used, even if what was kept aside cannot be deleted", async () => {
    const ownKey = open();
    await ownKey.set("sk-own-key-0001", true);
    secrets.script("get", "ownKey", ...always("hangs" as const));
    secrets.script("delete", "setAside.ownKey", ...always("rejects" as const));
    await assert.rejects(ownKey.remove());
    assert.equal(ownKey.current, undefined);
  });

  it("(older) is not taken again after it was removed", async () => {
    const ownKey = open();
    await ownKey.set("sk-own-key-0001", true);
    await ownKey.remove();
    secrets.script("get", "ownKey", ...always("older" as const));
    await ownKey.reload();
    assert.equal(ownKey.current, undefined);
  });

  it("(nothing) at the event of its change is found again the next time", async () => {
    const ownKey = open();
    await ownKey.load();
    // Three reads before it is set, and three after the event of its change.
    secrets.script("get", "ownKey", ...always("nothing" as const).slice(0, 6));
    await ownKey.set("sk-own-key-0001", true);
    await eventually(() => assert.equal(ownKey.current, undefined, "all three looks are over"));
    await ownKey.reload();
    assert.equal(ownKey.current?.key, "sk-own-key-0001");
  });

  it("is taken again after it was set, removed and set to the same elsewhere", async () => {
    const [one, other] = [open(), open()];
    await Promise.all([one.load(), other.load()]);
    for (const key of ["sk-own-key-0001", undefined, "sk-own-key-0002", "sk-own-key-0001"]) {
      await (key === undefined ? other.remove() : other.set(key, true));
      await eventually(() => assert.equal(one.current?.key, key));
    }
  });
});

describe("OPENAI_API_KEY of the environment", () => {
  const OPENAI_API_KEY = "sk-proj-from_the-environment-0001";
  let shown: string[];
  let buttons: Readonly<Record<string, () => void>>[];
  let remembered: Map<string, unknown>;
  let adopted: number;

  function offerDependencies(changes: Partial<EnvironmentKeyOfferDependencies> = {}): EnvironmentKeyOfferDependencies {
    return {
      environment: { OPENAI_API_KEY },
      ownKey: { current: undefined },
      authMode: () => "apiKey",
      memory: {
        get: (key) => remembered.get(key),
        update: async (key, value) => {
          remembered.set(key, value);
        },
      },
      notifications: {
        info: (sentence, actions = {}) => {
          shown.push(sentence);
          buttons.push(actions);
        },
      },
      adopt: () => {
        adopted += 1;
      },
      ...changes,
    };
  }

  beforeEach(() => {
    shown = [];
    buttons = [];
    remembered = new Map();
    adopted = 0;
  });

  it("is used when it looks like a key", () => {
    assert.equal(environmentKey({ OPENAI_API_KEY: ` ${OPENAI_API_KEY}\n` }), OPENAI_API_KEY);
    const longest = `sk-${"k".repeat(500)}`;
    assert.equal(environmentKey({ OPENAI_API_KEY: longest }), longest);
    for (const value of [undefined, "", "none", "sk-", "Bearer sk-proj-0001", "sk-two keys-0001", `${longest}k`]) {
      assert.equal(environmentKey({ OPENAI_API_KEY: value }), undefined);
    }
  });

  it("is offered once, ever, and used only when the person agrees", () => {
    offerEnvironmentKey(offerDependencies());
    offerEnvironmentKey(offerDependencies());
    assert.equal(shown.length, 1);
    assert.equal(adopted, 0);
    buttons[0]?.["Use This Key"]?.();
    assert.equal(adopted, 1);
    assert.ok(!JSON.stringify([shown, [...remembered]]).includes(OPENAI_API_KEY), "it is shown and kept nowhere");
  });

  it("is not offered to people who cannot use it", () => {
    offerEnvironmentKey(offerDependencies({ authMode: () => "chatgpt" }));
    offerEnvironmentKey(
      offerDependencies({ ownKey: { current: { version: 1, key: "sk-own-key-0001", checked: true } } }),
    );
    offerEnvironmentKey(offerDependencies({ environment: {} }));
    assert.deepEqual(shown, []);
    assert.equal(remembered.size, 0);
  });
});
