import assert from "node:assert/strict";
import manifest from "../../../../package.json" with { type: "json" };
import { settings } from "../../../../src/editor/vscode/settings.ts";
import { isProblem } from "../../../../src/shared/problem.ts";
import { changeSetting, resetVscode, state } from "../../../support/vscodeStub/stub.ts";

describe("Settings", () => {
  beforeEach(resetVscode);

  it("writes the mode for the whole application, and only when it changes", async () => {
    await settings.setAuthMode("apiKey");
    assert.deepEqual(state.written, []);
    await settings.setAuthMode("chatgpt");
    assert.deepEqual(state.written, [{ name: "chatgptSignIn.authMode", value: "chatgpt", target: 1 }]);
    assert.equal(settings.authMode, "chatgpt");
  });

  it("takes the mode that was chosen last, although an earlier one is still being written", async () => {
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    const opened = Promise.withResolvers<void>();
    state.settingGate = opened.promise;
    const choices = [settings.setAuthMode("apiKey"), settings.setAuthMode("chatgpt"), settings.setAuthMode("chatgpt")];
    opened.resolve();
    await Promise.all(choices);
    assert.equal(settings.authMode, "chatgpt");
    assert.deepEqual(
      state.written.map(({ value }) => value),
      ["apiKey", "chatgpt"],
    );
  });

  it("writes the mode again when it could not be written", async () => {
    state.settingFailure = new Error("read-only");
    await assert.rejects(settings.setAuthMode("chatgpt"), /read-only/);
    state.settingFailure = undefined;
    await settings.setAuthMode("chatgpt");
    assert.equal(settings.authMode, "chatgpt");
  });

  it("can be set by no workspace, and what names an address, a program or an extension comes from no other computer", () => {
    const { properties } = manifest.contributes.configuration;
    for (const [name, { scope }] of Object.entries(properties)) assert.equal(scope, "application", name);
    const local = Object.entries(properties).filter(([, setting]) => "ignoreSync" in setting && setting.ignoreSync);
    assert.deepEqual(
      local.map(([name]) => name),
      ["allowedExtensions", "codexPath", "issuer", "apiBaseUrl", "chatgptBaseUrl"].map(
        (name) => `chatgptSignIn.${name}`,
      ),
    );
  });

  it("are the real service's, and the mode is the own key's, unless a person changes them", () => {
    assert.equal(settings.authMode, "apiKey");
    assert.equal(settings.endpoint("issuer"), "https://auth.openai.com");
    assert.equal(settings.issuerIdentifier, "https://auth.openai.com");
    assert.equal(settings.endpoint("apiBaseUrl"), "https://api.openai.com/v1");
    assert.equal(settings.endpoint("chatgptBaseUrl"), "https://chatgpt.com/backend-api");
    assert.deepEqual(settings.changedEndpoints, []);
  });

  it("reads what is no mode, flow, back end or path as the default", () => {
    for (const value of ["", "chatGPT", 1, null, {}, ["chatgpt"]]) {
      changeSetting("chatgptSignIn.authMode", value);
      changeSetting("chatgptSignIn.preferredFlow", value);
      changeSetting("chatgptSignIn.chatBackend", value);
      assert.deepEqual(
        [settings.authMode, settings.preferredFlow, settings.chatBackend],
        ["apiKey", "auto", "chatgpt"],
      );
    }
    changeSetting("chatgptSignIn.codexPath", 7);
    assert.equal(settings.codexPath, "");
  });

  it("keeps a list of workspaces a restriction, whatever is in it", () => {
    assert.deepEqual(settings.allowedWorkspaces, []);
    changeSetting("chatgptSignIn.allowedWorkspaces", [" one ", 2, null]);
    assert.deepEqual(settings.allowedWorkspaces, ["one", "", ""]);
    for (const odd of ["one", "", 7, null, true, {}, { 0: "one", length: 1 }]) {
      changeSetting("chatgptSignIn.allowedWorkspaces", odd);
      assert.deepEqual(settings.allowedWorkspaces, [""], JSON.stringify(odd));
    }
  });

  it("gives terminals the key by nothing but true", () => {
    for (const value of [undefined, null, "true", "on", 1, {}, [true]]) {
      changeSetting("chatgptSignIn.terminalEnvironment", value);
      assert.equal(settings.terminalEnvironment, false, JSON.stringify(value));
    }
    changeSetting("chatgptSignIn.terminalEnvironment", true);
    assert.equal(settings.terminalEnvironment, true);
  });

  it("names a setting that is no endpoint, and not its value", () => {
    changeSetting("chatgptSignIn.issuer", "http://attacker-canary.example");
    assert.throws(
      () => settings.endpoint("issuer"),
      (error) =>
        isProblem(error, "badSetting") &&
        error.message.includes("chatgptSignIn.issuer") &&
        !/canary/.test(error.message),
    );
    assert.deepEqual(settings.changedEndpoints, ["issuer"]);
  });

  it("reports changes of our section only", () => {
    let told = 0;
    const subscription = settings.onDidChange(() => {
      told += 1;
    });
    changeSetting("editor.fontSize", 12);
    changeSetting("chatgptSignIn.statusBar", false);
    subscription.dispose();
    changeSetting("chatgptSignIn.statusBar", true);
    assert.equal(told, 1);
  });
});
