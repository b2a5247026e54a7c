import assert from "node:assert/strict";
import type { Credential } from "../../../../src/account/credential.ts";
import { watchAccounts } from "../../../../src/editor/sessions/watchAccounts.ts";
import type { Disposable } from "../../../../src/platform/disposables.ts";
import { Problem, type ProblemCode } from "../../../../src/shared/problem.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { createServices } from "../../../support/services.ts";
import { changeSetting, sentences, settle, state, theMessage, until } from "../../../support/vscodeStub/stub.ts";
import { createEditorFixture, type EditorFixture, useEditorFixture } from "../editorFixture.ts";

const sentence = (code: ProblemCode) => new Problem(code).message;

describe("Watching the accounts", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  let watching: Disposable | undefined;
  let asked: string[];
  let forgotten: number;
  let current: () => Promise<void> | undefined;

  useEditorFixture((given, from) => {
    fixture = given;
    issuer = from;
  });
  beforeEach(() => {
    // Its own watching would tell everything a second time.
    fixture.dispose();
    asked = [];
    forgotten = 0;
    current = () => undefined;
  });
  afterEach(() => watching?.dispose());

  function watch(): void {
    const source = {
      forget: () => {
        forgotten += 1;
      },
    };
    watching = watchAccounts({
      accounts: fixture.accounts,
      ownKey: fixture.ownKey,
      source: source as unknown as typeof fixture.source,
      run: async (action) => void asked.push(String(action)),
      notifications: fixture.notifications,
      secrets: fixture.secrets,
      assertCurrent: () => current(),
      log: fixture.log,
    });
  }
  const secrets = () => fixture.secrets as MemorySecrets;
  const keys = () => {
    const values = new Map(state.commands.map(({ name, args: [key, value] }) => [`${name} ${key}`, value]));
    return {
      signedOut: values.get("setContext chatgptSignIn.signedOut"),
      signedIn: values.get("setContext chatgptSignIn.signedIn"),
    };
  };
  const reject = (id: string, rejected: Credential["rejected"]) =>
    fixture.accounts.update(id, ({ rejected: _before, ...credential }) => ({
      ...credential,
      ...(rejected && { rejected }),
    }));

  it("keeps the context keys to who is signed in", async () => {
    watch();
    assert.deepEqual(keys(), { signedOut: true, signedIn: false });
    const { id } = await fixture.signedIn();
    assert.deepEqual(keys(), { signedOut: false, signedIn: true });
    await fixture.signOutAccount(id);
    assert.deepEqual(keys(), { signedOut: true, signedIn: false });
    assert.deepEqual(sentences(), []);
  });

  it("tells once that a sign-in is no longer accepted, and signs in when the person chooses to", async () => {
    watch();
    const { id } = await fixture.signedIn();
    await reject(id, "revoked");
    await fixture.accounts.update(id, (credential) => ({ ...credential, clockOffset: 1 }));
    assert.deepEqual(sentences(), [sentence("needsSignIn")]);
    const message = theMessage(/./);
    assert.deepEqual([message.kind, message.modal, message.buttons], ["warning", false, ["Sign in with ChatGPT"]]);
    assert.deepEqual(asked, []);
    message.choose("Sign in with ChatGPT");
    await until(() => asked.length > 0);
    assert.deepEqual(asked, ["signIn"]);
  });

  it("tells it again after it was well in between", async () => {
    watch();
    const { id } = await fixture.signedIn();
    await reject(id, "revoked");
    await reject(id, undefined);
    await reject(id, "revoked");
    assert.deepEqual(sentences(), [sentence("needsSignIn"), sentence("needsSignIn")]);
  });

  it("tells it of one that was so when the window opened", async () => {
    await fixture.signedIn("plus@example.com", { rejected: "expired" });
    watch();
    assert.deepEqual(sentences(), [sentence("needsSignIn")]);
  });

  it("says nothing of an account that is not the active one", async () => {
    await fixture.signedIn("team@example.com", { rejected: "expired" });
    await fixture.signedIn();
    watch();
    assert.deepEqual(sentences(), []);
  });

  it("offers the import for a linked login that has ended", async () => {
    const link = { codexHome: fixture.directory, store: "file", refreshHere: false };
    await fixture.signedIn("plus@example.com", { origin: "linked", link, rejected: "rejected" });
    watch();
    const message = theMessage(/./);
    assert.deepEqual([message.text, message.buttons], [sentence("linkEnded"), ["Import", "Sign in with ChatGPT"]]);
    message.choose("Import");
    await until(() => asked.length > 0);
    assert.deepEqual(asked, ["importFromCodex"]);
  });

  it("does nothing when the person closes the message", async () => {
    await fixture.signedIn("plus@example.com", { rejected: "expired" });
    watch();
    theMessage(/./).choose(undefined);
    await settle();
    assert.deepEqual(asked, []);
  });

  const stores: readonly [string, string, ProblemCode][] = [
    ["accounts", "{", "corruptStore"],
    ["accounts", '{"version":99}', "newerStore"],
  ];
  for (const [key, value, code] of stores) {
    it(`says ${code} where ${value} is stored, once`, async () => {
      secrets().values.set(key, value);
      await fixture.accounts.load();
      watch();
      await fixture.accounts.reload();
      assert.deepEqual(sentences(), [sentence(code)]);
    });
  }

  it("says that a keyring forgot what was stored", async () => {
    await fixture.hint.set(true);
    watch();
    await fixture.accounts.load();
    assert.deepEqual(sentences(), [sentence("notKept")]);
  });

  it("forgets what it was answered when a setting of ours changes, and no other", () => {
    watch();
    changeSetting("editor.fontSize", 12);
    assert.equal(forgotten, 0);
    changeSetting("chatgptSignIn.issuer", "https://other.example");
    assert.equal(forgotten, 1);
  });

  describe("what another window stored", () => {
    let other: EditorFixture;
    beforeEach(async () => {
      other = await createEditorFixture(issuer, { directory: fixture.directory, secrets: fixture.secrets });
      await fixture.accounts.load();
      await fixture.ownKey.load();
    });

    it("is read when VS Code tells of it", async () => {
      watch();
      await other.signedIn();
      await until(() => fixture.accounts.state.active?.email === "plus@example.com");
      assert.equal(keys().signedIn, true);
    });

    it("is read when the person comes back to this window, and not when they leave it", async () => {
      // A host that does not tell: what is stored changes in silence.
      const silent = new Map(secrets().values);
      await other.signedIn();
      const stored = new Map(secrets().values);
      secrets().values.clear();
      for (const [key, value] of silent) secrets().values.set(key, value);
      await fixture.accounts.reload();
      watch();
      for (const [key, value] of stored) secrets().values.set(key, value);
      secrets().values.set("ownKey", JSON.stringify({ version: 1, key: "sk-ownKeyOfThePerson1234", checked: true }));
      state.windowStateChanged.fire({ focused: false, active: false });
      await settle();
      assert.deepEqual([fixture.accounts.state.accounts, fixture.ownKey.current], [[], undefined]);
      state.windowStateChanged.fire({ focused: true, active: true });
      await until(() => fixture.accounts.state.active?.email === "plus@example.com" && fixture.ownKey.current);
    });

    it("asks for a reload once where this window cannot see it", async () => {
      current = async () => {
        throw new Problem("staleWindow");
      };
      watch();
      for (let times = 0; times < 3; times += 1) {
        state.windowStateChanged.fire({ focused: true, active: true });
        await until(() => sentences().length > 0);
        await fixture.accounts.reload();
        await settle();
      }
      const message = theMessage(/./);
      assert.deepEqual([message.text, message.buttons], [sentence("staleWindow"), ["Reload Window"]]);
      message.choose("Reload Window");
      await until(() => state.commands.some(({ name }) => name === "workbench.action.reloadWindow"));
    });

    it("is not taken for stale because it could not be looked at", async () => {
      current = async () => {
        throw new Error("the folder is gone");
      };
      watch();
      state.windowStateChanged.fire({ focused: true, active: true });
      await settle();
      assert.deepEqual(sentences(), []);
    });
  });

  describe("secrets that cannot be read", () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    let read: MemorySecrets["get"];
    beforeEach(async () => {
      await fixture.signedIn();
      await fixture.ownKey.load();
      watch();
      read = secrets().get;
      secrets().get = async () => {
        throw new Error("the keyring is locked, canary-text");
      };
      unhandled.length = 0;
      process.prependListener("unhandledRejection", note);
    });
    afterEach(() => process.off("unhandledRejection", note));

    const stored = () => secrets().values.get("accounts") ?? "";
    const comeBack = () => state.windowStateChanged.fire({ focused: true, active: true });
    const moments: readonly [string, () => void, number][] = [
      ["when the person comes back", comeBack, 1],
      ["when another window has stored something", () => void secrets().store("accounts", stored()), 0],
    ];
    for (const [name, happen, looks] of moments) {
      it(`${name} are logged, nobody is signed out, and the next look reads them`, async () => {
        let looked = 0;
        current = async () => {
          looked += 1;
        };
        happen();
        await until(() => fixture.lines.some((line) => /secret store failed|could not be read/.test(line)));
        await settle();
        assert.deepEqual([unhandled, looked], [[], looks]);
        assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
        assert.ok(!fixture.lines.join("\n").includes("canary-text"));
        assert.deepEqual(sentences(), []);
        secrets().get = read;
        const another = await createServices({ issuer: issuer.issuer, secrets: fixture.secrets });
        await another.signOutAccount(fixture.accounts.state.active?.id ?? "");
        await another.dispose();
        comeBack();
        await until(() => fixture.accounts.state.accounts.length === 0);
      });
    }
  });

  it("ends with its disposal", async () => {
    watch();
    watching?.dispose();
    const before = state.commands.length;
    await fixture.signedIn("plus@example.com", { rejected: "expired" });
    changeSetting("chatgptSignIn.issuer", "https://other.example");
    const { reads } = secrets();
    state.windowStateChanged.fire({ focused: true, active: true });
    await settle();
    assert.deepEqual([state.commands.length, sentences(), forgotten, secrets().reads], [before, [], 0, reads]);
  });
});
