import assert from "node:assert/strict";
import { allowChatWithoutGitHub } from "../../../../src/editor/chat/allowChatWithoutGitHub.ts";
import { Notifications } from "../../../../src/editor/vscode/notifications.ts";
import { resetVscode, settle, state, theMessage, willAnswer } from "../../../support/vscodeStub/stub.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const setting = "chat.allowAnonymousAccess";

describe("Chat without a GitHub account", () => {
  const allow = () => allowChatWithoutGitHub(new Notifications(log, () => {}), log);
  beforeEach(resetVscode);

  it("changes VS Code's setting only when the person agrees", async () => {
    willAnswer(/without a GitHub account\?/, undefined);
    await allow();
    assert.deepEqual(state.written, []);
    willAnswer(/without a GitHub account\?/, "Change Setting");
    await allow();
    assert.deepEqual(state.written, [{ name: setting, value: true, target: 1 }]);
    theMessage(/^You can now use Chat without a GitHub account\.$/);
  });

  it("asks nothing where it is on already", async () => {
    state.settings.set(setting, true);
    await allow();
    assert.deepEqual(
      state.messages.map(({ text }) => text),
      ["You can already use Chat without a GitHub account."],
    );
  });

  it("is left to the person where an extension cannot write the setting", async () => {
    state.settingFailure = new Error("not registered");
    willAnswer(/without a GitHub account\?/, "Change Setting");
    await allow();
    assert.equal(state.clipboard, `"${setting}": true,`);
    state.commands.length = 0;
    theMessage(/^Extensions can't change this setting\. Paste the copied line/).choose("Open Settings");
    await settle();
    assert.deepEqual(
      state.commands.map(({ name }) => name),
      ["workbench.action.openSettingsJson"],
    );
  });
});
