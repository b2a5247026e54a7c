import assert from "node:assert/strict";
import { Problem } from "../../../src/shared/problem.ts";
import { sentences, settingOf, settle, state, willAnswer } from "../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "./editorFixture.ts";

const mode = () => settingOf("chatgptSignIn.authMode");
const unexpected = "Something went wrong. Check the log for details.";

describe("Actions", () => {
  let fixture: EditorFixture;
  useEditorFixture(
    (given) => {
      fixture = given;
    },
    { ownKeys: ["sk-ownKeyOfThePerson1234"] },
  );

  it("say what they are busy with, and that they are done, whatever came of it", async () => {
    const busy: unknown[] = [];
    fixture.activity.onDidChange(() => busy.push(fixture.activity.busy));
    fixture.codexExport.run = async () => {
      throw new Problem("authFileNotWritten");
    };
    await fixture.run("exportToCodex");
    assert.deepEqual([busy[0], busy.at(-1)], [["codex"], []]);
    assert.deepEqual(sentences(), [new Problem("authFileNotWritten").message]);
    await fixture.run("refresh");
    assert.equal(fixture.activity.problem, new Problem("notSignedIn").message);
    assert.deepEqual(fixture.activity.busy, []);
  });

  it("go on when a listener throws", async () => {
    let heard = 0;
    fixture.activity.onDidChange(() => {
      throw new Error("canary-text of a listener");
    });
    fixture.activity.onDidChange(() => {
      heard += 1;
    });
    await fixture.signedIn();
    await fixture.run("refresh");
    assert.deepEqual(sentences(), ["ChatGPT credentials refreshed."]);
    assert.equal(heard, 2);
    assert.ok(fixture.lines.some((line) => line.startsWith("A listener of the actions failed: ")));
    assert.ok(!fixture.lines.join("\n").includes("canary-text"));
  });

  it("say of what nobody foresaw only that it happened", async () => {
    fixture.codexExport.run = async () => {
      throw new Error("canary-text [click](command:evil)");
    };
    await fixture.run("exportToCodex");
    assert.deepEqual(sentences(), [unexpected]);
    assert.ok(!fixture.lines.join("\n").includes("canary-text"));
  });

  it("sign in when that was chosen instead of an import", async () => {
    fixture.codexImport.run = async () => "signIn";
    await fixture.run("importFromCodex");
    assert.equal(fixture.accounts.state.active?.email, "plus@example.com");
    assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
  });

  it("do not sign in after an import that failed", async () => {
    fixture.codexImport.run = async () => {
      throw new Problem("workspaceNotAllowed");
    };
    await fixture.run("importFromCodex");
    await settle();
    assert.deepEqual([state.opened, fixture.signIn.running], [[], undefined]);
    assert.deepEqual(sentences(), [new Problem("workspaceNotAllowed").message]);
  });

  it("use the environment's key when asked to, and fail with a problem when there is none", async () => {
    const { OPENAI_API_KEY: before } = process.env;
    try {
      delete process.env.OPENAI_API_KEY;
      await fixture.run("adoptEnvironmentKey");
      assert.deepEqual(sentences(), [new Problem("noEnvironmentKey").message]);
      process.env.OPENAI_API_KEY = "sk-ownKeyOfThePerson1234";
      willAnswer(/^Use the OpenAI API key/, "Use This Key");
      await fixture.run("adoptEnvironmentKey");
      assert.deepEqual(
        [fixture.ownKey.current?.key, fixture.ownKey.current?.checked],
        ["sk-ownKeyOfThePerson1234", true],
      );
      assert.equal(sentences().at(-1), "API key verified and saved.");
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
  });

  it("switch the mode, and tell when the setting cannot be written", async () => {
    await fixture.run({ type: "setAuthMode", authMode: "chatgpt" });
    assert.equal(mode(), "chatgpt");
    state.settingFailure = new Error("read-only");
    await fixture.run({ type: "setAuthMode", authMode: "apiKey" });
    assert.match(sentences().join(), /^VS Code couldn't save the setting “chatgptSignIn\.authMode”\./);
    assert.equal(mode(), "chatgpt");
  });
});
