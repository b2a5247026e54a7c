import assert from "node:assert/strict";
import type { Account, AccountsState } from "../../../../src/account/state.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { VerifiedMemento } from "../../../../src/editor/vscode/verifiedMemento.ts";
import { ForgetfulMemento, WatchedMemory } from "../../../support/forgetfulMemento.ts";
import { MemoryMemento } from "./sessionFixture.ts";

const account = (id: string, email: string | undefined, workspaceId?: string) =>
  ({ id, email, workspaceId }) as Account;
const stateOf = (...accounts: Account[]): AccountsState => ({ accounts, active: accounts[0], notice: undefined });

describe("An account's label", () => {
  const email = "ada@example.com";
  const home = account("1111", email, "workspace-of-home");
  const work = account("2222", email, "workspace-of-work");
  let memento: MemoryMemento;
  /** As a new window begins. */
  const open = () => new KnownAccounts(memento);
  const labels = (known: KnownAccounts, ...accounts: Account[]) =>
    known.update(stateOf(...accounts), undefined).accounts.map(({ label }) => label);

  beforeEach(() => {
    memento = new MemoryMemento();
  });

  it("is never given to another account of the same email, also after the first was removed", () => {
    const known = open();
    assert.deepEqual(labels(known, home), [email]);
    assert.deepEqual(labels(known), []);
    const second = `${email} (ChatGPT workspace -of-work)`;
    assert.deepEqual(labels(known, work), [second]);
    assert.deepEqual(labels(known, work, home), [second, email]);
    assert.deepEqual(labels(open()), []);
    assert.deepEqual(labels(open(), home, work), [email, second]);
  });

  it("is not given again in a window that opens after everybody has signed out", () => {
    labels(open(), home);
    labels(open());
    assert.deepEqual(labels(open(), work), [`${email} (ChatGPT workspace -of-work)`]);
  });

  it("is told apart among many accounts of one email and workspace, or of neither", () => {
    const known = open();
    const same = ["a", "b", "c"].map((id) => account(id, undefined, "w"));
    const all = same.flatMap((one) => {
      const given = labels(known, one);
      labels(known);
      return given;
    });
    assert.equal(new Set(all).size, 3, String(all));
    assert.deepEqual(labels(open(), ...same), all);
  });

  it("is none that an account could have got otherwise, whatever its email is", () => {
    const known = open();
    labels(known, home);
    const second = `${email} (ChatGPT workspace -of-work)`;
    const odd = [account("3", second), account("4", `${second} 2222`), account("5", "__proto__"), account("6", "")];
    assert.equal(new Set([...labels(known, ...odd), ...labels(known, work)]).size, 5);
    assert.equal(new Set([...labels(known, home, work, ...odd)]).size, 6);
    // VS Code files a consent to the API key under this one.
    assert.deepEqual(labels(known, account("7", "OpenAI API key")), ["ChatGPT account (ChatGPT workspace 7)"]);
    assert.deepEqual(labels(known, account("8", "OpenAI API key 2")), ["ChatGPT account (ChatGPT workspace 8)"]);
  });

  for (const odd of [
    "openai api key",
    "ΟpenAI API key",
    "OpenAI\u2004API\u2004key@a",
    "OpenAI API key @",
    "ada",
    "ada@",
    "@example.com",
    "ada@example.com (ChatGPT workspace -of-work)",
    "a@b@c",
  ]) {
    it(`is no email that is no address: ${odd}`, () => {
      assert.deepEqual(labels(open(), account("7", odd)), ["ChatGPT account"]);
    });
  }

  it("stays what it was before labels were remembered", async () => {
    await memento.update("known", {
      accounts: [{ id: work.id, label: email, needsSignIn: false }],
      ownKey: false,
    });
    const known = open();
    assert.deepEqual(labels(known), []);
    assert.deepEqual(labels(known, home, work), [`${email} (ChatGPT workspace -of-home)`, email]);
    assert.deepEqual(labels(open(), work), [email]);
  });

  it("stays when the email changes, and is known of an account that is gone", () => {
    const known = open();
    labels(known, home);
    assert.deepEqual(labels(known, account(home.id, "countess@example.com")), [email]);
    labels(known);
    assert.equal(known.labelOf(home.id), email);
    assert.equal(known.labelOf("3333"), undefined);
  });

  it("is not that of an account of another window, which hears of it late", async () => {
    const [one, other] = [open(), open()];
    labels(one, home);
    assert.deepEqual(labels(other, work), [`${email} (ChatGPT workspace -of-work)`]);
    assert.equal(new Set(labels(one, home, work)).size, 2);
  });

  it("is one account's in the end, though two windows give it at once, and is so in the next one", async () => {
    const storage = { stored: "{}" };
    const windows = [new ForgetfulMemento(storage), new ForgetfulMemento(storage)];
    const memories = windows.map((window) => new WatchedMemory(new VerifiedMemento(window)));
    const [one, other] = memories.map((memory) => new KnownAccounts(memory)) as [KnownAccounts, KnownAccounts];
    const given = [labels(one, home), labels(other, work)];
    assert.deepEqual(given, [[email], [email]]);
    for (const memory of memories) await memory.idle();
    for (const window of windows) window.hear();
    const second = [labels(one, home, work), labels(other, home, work)];
    assert.deepEqual(second[0], second[1]);
    assert.equal(new Set(second[0]).size, 2);
    for (const memory of memories) await memory.idle();
    const next = new KnownAccounts(new VerifiedMemento(new ForgetfulMemento(storage)));
    assert.deepEqual(labels(next, home, work), second[0]);
  });

  it("is kept though VS Code loses what was written a moment before", async () => {
    const storage = { stored: "{}" };
    const window = new ForgetfulMemento(storage);
    const memory = new WatchedMemory(new VerifiedMemento(window));
    const known = new KnownAccounts(memory);
    labels(known, home);
    window.hear();
    labels(known);
    window.hear();
    assert.deepEqual(labels(known, work), [`${email} (ChatGPT workspace -of-work)`]);
    await memory.idle();
    const next = new KnownAccounts(new VerifiedMemento(new ForgetfulMemento(storage)));
    assert.deepEqual(labels(next, work, home), [`${email} (ChatGPT workspace -of-work)`, email]);
  });

  it("is remembered again when writing has failed, and odd values in the memory are passed over", async () => {
    const update = memento.update.bind(memento);
    memento.update = () => Promise.reject(new Error("full"));
    const known = open();
    labels(known, home);
    await new Promise(setImmediate);
    memento.update = update;
    labels(known);
    assert.deepEqual(labels(open(), work), [`${email} (ChatGPT workspace -of-work)`]);
    for (const odd of ["labels", 1, { [email]: "x" }, null, [1, null, ["a"], [email, 5], [email, "x", "y"]]]) {
      await update("labels", odd);
      assert.deepEqual(labels(open(), account("9", "eve@example.com")), ["eve@example.com"]);
    }
  });

  it("of an API key is never another key's, and the same again for the same key", () => {
    const label = (known: KnownAccounts, key: string | undefined) => {
      const { ownKey, ownKeyLabel } = known.update(stateOf(), key);
      return [ownKey, ownKeyLabel];
    };
    const known = open();
    assert.deepEqual(label(known, "API key 1"), [true, undefined]);
    assert.deepEqual(label(known, undefined), [false, undefined]);
    assert.deepEqual(label(known, "API key 2"), [true, "OpenAI API key 2"]);
    assert.deepEqual(label(open(), "API key 3"), [true, "OpenAI API key 3"]);
    assert.deepEqual(label(open(), "API key 1"), [true, undefined]);
    assert.deepEqual(label(open(), "API key 2"), [true, "OpenAI API key 2"]);
  });
});
