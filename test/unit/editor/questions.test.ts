import assert from "node:assert/strict";
import type { DerivedKey } from "../../../src/account/credential.ts";
import { confirmSignOut } from "../../../src/editor/signIn/signOutQuestion.ts";
import { commandLink, mayRun } from "../../../src/editor/vscode/commandLinks.ts";
import { Problem } from "../../../src/shared/problem.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import {
  changeSetting,
  notified,
  sentences,
  settle,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "./editorFixture.ts";

const derivedKey: DerivedKey = { status: "present", key: "sk-derivedCanary12345678", createdAt: 1 };
const [own, saved] = ["sk-ownKeyOfThePerson1234", "sk-savedByThePerson5678"];

/** Any extension can run a command, so an action asks the person itself. */
describe("A command of another extension", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  useEditorFixture(
    (given, from) => {
      fixture = given;
      issuer = from;
    },
    { ownKeys: [own] },
  );
  const email = () => fixture.accounts.state.active?.email;
  const question = () => until(() => state.messages.find(({ modal }) => modal));

  describe("that signs out", () => {
    it("asks in a modal dialog, which says what is lost, and does nothing when it is closed", async () => {
      changeSetting("chatgptSignIn.authMode", "chatgpt");
      await fixture.signedIn();
      const records = issuer.records.length;
      const running = fixture.run("signOut");
      const { kind, text, detail, buttons, choose } = await question();
      assert.deepEqual(
        [kind, text, buttons],
        ["warning", "Sign out of plus@example.com?", ["Stay Signed In", "Sign Out"]],
      );
      assert.match(detail, /revoked at OpenAI and deleted from this computer\..* sign in again\.$/);
      await settle();
      assert.equal(email(), "plus@example.com");
      choose(undefined);
      await running;
      assert.deepEqual([email(), issuer.records.length, notified()], ["plus@example.com", records, []]);
      assert.deepEqual([fixture.activity.problem, fixture.activity.busy], [undefined, []]);
    });

    const key = "The account API key saved here is deleted, too.";
    const asked: readonly [string, object, RegExp][] = [
      ["a copied login", { origin: "copied" }, /^The copied login is deleted.*The Codex CLI's login is unchanged/],
      ["a rejected sign-in that has a key", { rejected: "expired", derivedKey }, new RegExp(`revoked.*\n\n${key}$`)],
      ["a rejected sign-in without a key", { rejected: "expired" }, /revoked at OpenAI.* sign in again\.$/],
      ["a linked login", { origin: "linked" }, /^The Codex CLI stays signed in\..*link the login or sign in\.$/],
      ["a linked login that has a key", { origin: "linked", derivedKey }, new RegExp(`^The Codex CLI.*\n\n${key}$`)],
    ];
    for (const [what, change, detail] of asked) {
      it(`of ${what} asks`, async () => {
        await fixture.signedIn("plus@example.com", change);
        const running = fixture.run("signOut");
        const message = await question();
        assert.match(message.detail, detail);
        assert.equal(email(), "plus@example.com");
        message.choose("Sign Out");
        await running;
        assert.deepEqual([email(), state.messages.filter(({ modal }) => modal).length], [undefined, 1]);
      });
    }

    it("of an account whose record could not be read asks", async () => {
      const { id } = await fixture.signedIn();
      const { accounts } = fixture;
      Object.defineProperty(accounts, "state", {
        value: { accounts: [], active: undefined, notice: undefined, unread: [id] },
      });
      Object.defineProperty(accounts, "entry", { value: () => undefined });
      const running = fixture.run({ type: "signOutAccount", id });
      const { detail, choose } = await question();
      assert.match(detail, /^The credential is deleted from this computer\./);
      choose(undefined);
      await running;
      assert.deepEqual([fixture.revoked, notified()], [[], []]);
    });

    it("asks about each account once, however often it is run, and each can be kept", async () => {
      const team = await fixture.signedIn("team@example.com");
      await fixture.signedIn();
      const runs = [1, 2, 3].map(() => fixture.run("signOut"));
      runs.push(fixture.run({ type: "signOutAccount", id: team.id }));
      await settle();
      assert.deepEqual(sentences().sort(), ["Sign out of plus@example.com?", "Sign out of team@example.com?"]);
      for (const { choose } of state.messages) choose(undefined);
      await Promise.all(runs);
      assert.equal(fixture.accounts.state.accounts.length, 2);
    });

    it("signs out once and reports no problem, however many have agreed, in whatever order", async () => {
      const { id } = await fixture.signedIn();
      const runs = [1, 2].map(() => fixture.run("signOut"));
      const { choose } = await question();
      // VS Code ends each session of an account by itself.
      const all = await Promise.all([["chatgpt"], undefined].map((scopes) => fixture.sessions.get(scopes, id)));
      runs.push(...all.flat().map((session) => fixture.sessions.remove(session.id)));
      await until(() => email() === undefined);
      choose("Sign Out");
      await Promise.all(runs);
      assert.deepEqual([fixture.revoked.length, fixture.activity.problem], [1, undefined]);
      assert.equal(notified().length, 1);
      assert.match(notified()[0] ?? "", /^You're signed out of ChatGPT on this computer\./);
    });

    it("signs out the account that it asked about, though another is the active one by then", async () => {
      const team = await fixture.signedIn("team@example.com");
      await fixture.signedIn();
      const running = fixture.run("signOut");
      const { choose } = await question();
      await fixture.accounts.setActive(team.id);
      choose("Sign Out");
      await running;
      assert.deepEqual(
        fixture.accounts.state.accounts.map((account) => account.email),
        ["team@example.com"],
      );
    });

    it("asks nothing about nobody", async () => {
      await fixture.run({ type: "signOutAccount", id: "0123456789abcdef" });
      assert.deepEqual(sentences(), [new Problem("notSignedIn").message]);
    });

    it("shows no link, icon or line break of an account's name", async () => {
      willAnswer(/^Sign out of/, undefined);
      const more = { credential: undefined, ownKeyFollows: false };
      await confirmSignOut({ label: "[Ada](command:evil) $(x)\n\u202Eb@example.com", ...more });
      willAnswer(/^Sign out of/, undefined);
      await confirmSignOut({ label: "()", ...more });
      const [first, second] = sentences();
      assert.doesNotMatch(first ?? "", /[[\]()$:\n\u202E]/);
      assert.equal(second, "Sign out of this ChatGPT account?");
    });
  });

  it("is not VS Code's Accounts menu, which has asked already", async () => {
    await fixture.signedIn();
    const [session] = await fixture.sessions.get(undefined);
    await fixture.sessions.remove(session?.id ?? "");
    assert.equal(email(), undefined);
    assert.ok(state.messages.every(({ modal }) => !modal));
  });

  describe("that adopts the environment's key", () => {
    const { OPENAI_API_KEY: before } = process.env;
    beforeEach(() => {
      process.env.OPENAI_API_KEY = own;
    });
    afterEach(() => {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    });

    it("asks first, and says which key it would replace", async () => {
      await fixture.ownKey.set(saved, true);
      const records = issuer.records.length;
      const runs = [fixture.run("adoptEnvironmentKey"), fixture.run("adoptEnvironmentKey")];
      const { text, detail, buttons, choose } = await question();
      assert.deepEqual([text, buttons], ["Use the OpenAI API key from OPENAI_API_KEY?", ["Don't Use", "Use This Key"]]);
      assert.match(detail, /^The key sk-…1234 is verified and saved.*billed.*\n\nIt replaces the API key sk-…5678 /);
      assert.equal(issuer.records.length, records);
      choose(undefined);
      await Promise.all(runs);
      assert.deepEqual([fixture.ownKey.current?.key, sentences().length], [saved, 1]);
    });

    it("asks where none would be replaced, because usage is billed to it", async () => {
      const running = fixture.run("adoptEnvironmentKey");
      const { detail, choose } = await question();
      assert.doesNotMatch(detail, /replaces/);
      choose("Use This Key");
      await running;
      assert.equal(fixture.ownKey.current?.key, own);
    });

    it("does not ask for the key that is saved already", async () => {
      await fixture.ownKey.set(own, false);
      await fixture.run("adoptEnvironmentKey");
      assert.deepEqual([fixture.ownKey.current?.checked, sentences()], [true, ["API key verified and saved."]]);
    });
  });

  it("that removes the key asks once, however often it is run, and Enter keeps it", async () => {
    await fixture.ownKey.set(saved, true);
    const runs = [1, 2, 3].map(() => fixture.run("removeApiKey"));
    await settle();
    assert.equal(sentences().length, 1);
    const { buttons, choose } = theMessage(/^Remove the OpenAI API key/);
    assert.deepEqual(buttons, ["Keep Key", "Remove"]);
    choose("Keep Key");
    await Promise.all(runs);
    assert.equal(fixture.ownKey.current?.key, saved);
  });

  it("that refreshes, several times at once, makes one API key and uses one refresh token", async () => {
    await fixture.signedIn();
    const before = issuer.recordsOf("tokenExchange").length;
    await Promise.all([1, 2, 3].map(() => fixture.run("refresh")));
    assert.equal(issuer.recordsOf("tokenExchange").length, before + 1);
    assert.equal(fixture.accounts.entry()?.credential.sequence, 1);
  });

  it("that refreshes, again and again, does it once, and says so", async () => {
    await fixture.signedIn();
    const before = issuer.records.length;
    await fixture.run("refresh");
    const once = issuer.records.length;
    assert.equal(once, before + 2, "a refresh and a key");
    for (let count = 0; count < 3; count += 1) await fixture.run("refresh");
    assert.equal(issuer.records.length, once);
    const told = "ChatGPT credentials were refreshed less than a minute ago.";
    assert.deepEqual(notified(), ["ChatGPT credentials refreshed.", told, told, told]);
  });

  it("puts nothing of a sign-in on the clipboard: only a link of ours does", () => {
    for (const id of ["copySignInLink", "copyDeviceCode"] as const) {
      const [, query = ""] = /\?([^)\s]+)\)$/.exec(commandLink("Copy", id, "proof")) ?? [];
      const args = JSON.parse(decodeURIComponent(query));
      assert.ok(mayRun(id, args, "proof"));
      for (const others of [[], [undefined], [""], ["x"], [{}], [args], [true]])
        assert.ok(!mayRun(id, others, "proof"));
    }
    for (const id of ["signIn", "openDevicePage", "showMenu"] as const) {
      assert.equal(commandLink("Open", id, "proof"), `[Open](command:chatgptSignIn.${id})`);
      assert.ok(mayRun(id, [], "proof") && mayRun(id, ["x"], "proof"));
    }
  });
});
