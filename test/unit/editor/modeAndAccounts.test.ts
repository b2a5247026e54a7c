import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import { readLoginFromText } from "../../../src/codex/login.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { changeSetting, sentences, settingOf, state, theMessage, willAnswer } from "../../support/vscodeStub/stub.ts";
import { current } from "../codex/authFile/authTexts.ts";
import { type EditorFixture, useEditorFixture } from "./editorFixture.ts";

const link = { codexHome: "/nowhere", store: "file", refreshHere: false } as const;

describe("The mode and who is signed in", () => {
  let fixture: EditorFixture;
  /** What a listener finds whenever either changes. */
  let found: string[];

  useEditorFixture((given) => {
    fixture = given;
    found = [];
  });

  function listen(): void {
    const look = () => found.push(`${fixture.accounts.state.accounts.length} ${settingOf("chatgptSignIn.authMode")}`);
    fixture.accounts.onDidChange(look);
    state.configurationChanged.event(look);
  }

  const into: readonly [string, () => Promise<unknown>][] = [
    ["a sign-in", () => fixture.run("signIn")],
    ["a sign-in for a session", () => fixture.signInActions.signInForSession({})],
    ["adding an account", () => fixture.run("addAccount")],
    ["a linked login", () => fixture.codexImport.link(readLoginFromText(JSON.stringify(current)), link)],
  ];
  for (const [what, act] of into) {
    it(`agree whenever a listener hears of ${what}`, async () => {
      changeSetting("chatgptSignIn.authMode", "apiKey");
      listen();
      await act();
      assert.ok(found.length >= 2, "of the account and of the mode");
      assert.deepEqual([...new Set(found)], ["1 chatgpt"]);
      assert.equal(state.messages.filter(({ kind }) => kind === "error").length, 0);
    });

    it(`: ${what} stands when the mode cannot be written, and the person is told`, async () => {
      changeSetting("chatgptSignIn.authMode", "apiKey");
      state.settingFailure = new Error("canary-text");
      listen();
      await act();
      assert.equal(fixture.accounts.state.accounts.length, 1);
      assert.ok(found.includes("1 apiKey"), "it is announced all the same");
      const { text } = theMessage(/couldn't save the setting “chatgptSignIn\.authMode”/);
      assert.equal(sentences().indexOf(text), 0);
      assert.match(sentences().at(-1) ?? "", /^(Signed in as|You're signed in with)/);
      assert.equal(sentences().length, 2);
      assert.ok(!`${sentences()}${fixture.lines}`.includes("canary-text"));
    });
  }

  it("agree whenever a listener hears that the last account is signed out", async () => {
    await fixture.signedIn();
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    listen();
    willAnswer(/^Sign out of/, "Sign Out");
    await fixture.run("signOut");
    assert.deepEqual([...new Set(found)], ["0 apiKey"]);
    assert.equal(fixture.revoked.length, 1);
  });

  it(": a sign-out ends the sign-in at the service also when the mode cannot be written", async () => {
    const credential: Credential = (await fixture.signedIn()) as Credential;
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    state.settingFailure = new Error("canary-text");
    willAnswer(/^Sign out of/, "Sign Out");
    await fixture.run("signOut");
    assert.deepEqual(fixture.revoked, [credential.tokens.refreshToken]);
    theMessage(/couldn't save the setting/);
    theMessage(/^You're signed out of ChatGPT on this computer\./);
  });

  it("stay apart when one of several accounts is signed out, or another is chosen", async () => {
    const first = await fixture.signedIn();
    await fixture.signedIn("team@example.com");
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    await fixture.run({ type: "useAccount", id: first.id });
    willAnswer(/^Sign out of/, "Sign Out");
    await fixture.run("signOut");
    assert.deepEqual(state.written, []);
    assert.equal(settingOf("chatgptSignIn.authMode"), "chatgpt");
  });

  it(": a session that needs the other mode fails with our sentence when the mode cannot be written", async () => {
    const derivedKey = { status: "present", key: "sk-derivedForPlus0001", createdAt: 0 };
    const { id } = await fixture.signedIn("plus@example.com", { derivedKey });
    state.settingFailure = new Error("canary-text");
    willAnswer(/^An extension needs/, "$(account) Switch to ChatGPT mode and use plus@example.com");
    await assert.rejects(fixture.sessions.create(["openai.api-key"], id), {
      message: new Problem("modeNotSaved").message,
    });
  });
});
