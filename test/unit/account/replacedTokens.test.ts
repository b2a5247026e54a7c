import assert from "node:assert/strict";
import { ReplacedTokens } from "../../../src/account/replacedTokens.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { is } from "./fixture.ts";

const id = "0123456789abcdef";
const key = `replaced.${id}`;
const tokenOf = (refreshToken: string) => ({ issuer: "https://issuer.example", refreshToken });
const [one, other] = [tokenOf("rt.1"), tokenOf("rt.2")];

describe("The list of tokens that are to be revoked", () => {
  let secrets: MemorySecrets;
  beforeEach(() => {
    secrets = new MemorySecrets({ reliable: true });
  });
  const open = (from: ConstructorParameters<typeof ReplacedTokens>[0] = secrets) =>
    new ReplacedTokens(
      from,
      createLogger(() => ({ debug() {}, info() {}, warn() {}, error() {} })),
    );
  const listOf = (...tokens: object[]) => JSON.stringify({ version: 1, tokens });

  it("names a token again that was kept because its sign-in went on, and never one that was revoked", async () => {
    const list = open();
    await list.change(id, { added: [one, other] });
    await list.change(id, { kept: [one], removed: [other] });
    assert.deepEqual([secrets.values.has(key), list.isFinished(one), list.isFinished(other)], [false, false, true]);
    // Another window has replaced that sign-in.
    secrets.values.set(key, listOf(one, other));
    assert.deepEqual((await list.change(id, {})).tokens, [one]);
    assert.equal(secrets.values.get(key), listOf(one));
  });

  it("forgets a token that was kept and could not be stored", async () => {
    const list = open();
    secrets.script("store", key, "rejects");
    await assert.rejects(list.change(id, { added: [one] }));
    await list.change(id, { kept: [one] });
    assert.deepEqual([list.known(id), list.unstoredIds, secrets.values.has(key)], [[], [], false]);
  });

  it("is left as it is where a newer version has written it", async () => {
    const newer = JSON.stringify({ version: 2, sealed: "…" });
    secrets.values.set(key, newer);
    const list = open();
    await assert.rejects(list.read(id), is("keyringFailed"));
    await assert.rejects(list.change(id, { added: [one] }), is("keyringFailed"));
    assert.deepEqual([secrets.values.get(key), list.unstored(id)], [newer, [one]]);
  });

  for (const damaged of ["", "{", '{"version":1}', '{"version":1,"tokens":[{"refreshToken":"rt.0"}]}']) {
    it(`is set aside where it is damaged: ${damaged}`, async () => {
      secrets.values.set(key, damaged);
      await open().change(id, { added: [one] });
      assert.deepEqual([secrets.values.get(key), secrets.values.get(`setAside.${key}`)], [listOf(one), damaged]);
    });
  }

  it("keeps the tokens that can be read where another entry cannot", async () => {
    const damaged = listOf(one, { refreshToken: 5 });
    secrets.values.set(key, damaged);
    const list = open();
    assert.deepEqual(await list.read(id), [one]);
    await list.change(id, { added: [other] });
    assert.deepEqual([secrets.values.get(key), secrets.values.get(`setAside.${key}`)], [listOf(one, other), damaged]);
    await list.deleteSetAside(id);
    assert.deepEqual([...secrets.values.keys()], [key]);
  });

  /** Another window's list takes the place of the first one that is stored or deleted. */
  function replacedBy(text: string) {
    const { store } = secrets;
    const once = async (change: Promise<void>) => {
      await change;
      secrets.store = store;
      secrets.delete = remove;
      secrets.values.set(key, text);
    };
    const { delete: remove } = secrets;
    secrets.store = (name, value) => once(store.call(secrets, name, value));
    secrets.delete = (name) => once(remove.call(secrets, name));
  }

  it("keeps a token that another window adds at the same moment", async () => {
    replacedBy(listOf(other));
    assert.deepEqual((await open().change(id, { added: [one] })).tokens, [other, one]);
    assert.equal(secrets.values.get(key), listOf(other, one));
  });

  it("keeps a token that another window adds while the list is being deleted", async () => {
    secrets.values.set(key, listOf(one));
    replacedBy(listOf(other));
    assert.deepEqual((await open().change(id, { removed: [one] })).tokens, [other]);
    assert.equal(secrets.values.get(key), listOf(other));
  });

  it("is left to a newer version that has written one meanwhile", async () => {
    const newer = JSON.stringify({ version: 2, sealed: "…" });
    replacedBy(newer);
    await assert.rejects(open().change(id, { added: [one] }), is("keyringFailed"));
    assert.equal(secrets.values.get(key), newer);
  });

  it("is not taken for missing where the host lists it", async () => {
    await open().change(id, { added: [one] });
    const list = open(Object.assign(secrets, { keys: async () => [...secrets.values.keys()] }));
    secrets.script("get", key, ...Array<"nothing">(6).fill("nothing"));
    await assert.rejects(list.read(id), is("keyringFailed"));
    await assert.rejects(list.change(id, { added: [other] }), is("keyringFailed"));
    assert.deepEqual((await list.change(id, {})).tokens, [one, other]);
  });

  it("is missing where the host cannot list its secrets", async () => {
    const list = open(Object.assign(secrets, { keys: () => Promise.reject(new Error("not here")) }));
    assert.deepEqual([await list.read(id), await list.isListed(id)], [[], false]);
  });
});
