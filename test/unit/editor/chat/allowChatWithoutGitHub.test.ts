import assert from "node:assert/strict";
import { allowChatWithoutGitHub } from "../../../../src/editor/chat/allowChatWithoutGitHub.ts";
import { Notifications } from "../../../../src/editor/vscode/notifications.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import {
  notified,
  resetVscode,
  settle,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { type Range, window } from "../../../support/vscodeStub/vscode.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const setting = "chat.allowAnonymousAccess";

/** An open file of settings, as an editor shows it. */
function editorOf(path: string) {
  const file = { text: "{\n}\n", saves: 0, isDirty: false };
  const saved = () => {
    file.isDirty = false;
    state.documentSaved.fire(document);
  };
  const document = {
    uri: { path },
    get isDirty() {
      return file.isDirty;
    },
    getText: () => file.text,
    positionAt: (offset: number) => offset,
    save: async () => {
      file.saves += 1;
      // As of one that VS Code has saved by itself.
      return false;
    },
  };
  const replace = ({ start, end }: Range, content: string) => {
    file.text = file.text.slice(0, start) + content + file.text.slice(end);
  };
  const edit = async (build: (builder: { replace: typeof replace }) => void) => {
    build({ replace });
    return true;
  };
  Object.assign(window, { activeTextEditor: { document, edit } });
  return Object.assign(file, { saved });
}

describe("Chat without a GitHub account", () => {
  const allow = () => allowChatWithoutGitHub(new Notifications(log, () => {}), clock, log);
  let clock: ManualClock;
  beforeEach(() => {
    resetVscode();
    clock = new ManualClock();
  });
  afterEach(() => Object.assign(window, { activeTextEditor: undefined }));

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

  it("has a first button that changes nothing, which Enter presses", async () => {
    willAnswer(/without a GitHub account\?/, "Don't Change");
    await allow();
    assert.deepEqual(theMessage(/\?$/).buttons, ["Don't Change", "Change Setting"]);
    assert.deepEqual(state.written, []);
  });

  for (const path of [
    "/home/ada/.config/Code/User/settings.json",
    "/c:/Users/ada/AppData/Roaming/Code/User/profiles/-7a3f/settings.json",
    "/User/settings.json",
  ]) {
    it(`is written in an editor where VS Code lets no extension write it: ${path}`, async () => {
      state.settingFailure = new Error("not registered");
      const file = editorOf(path);
      willAnswer(/without a GitHub account\?/, "Change Setting");
      await allow();
      assert.deepEqual([JSON.parse(file.text), file.saves], [{ [setting]: true }, 1]);
      theMessage(/^You can now use Chat without a GitHub account\.$/);
    });
  }

  for (const [what, path] of [
    ["a workspace's settings", "/project/.vscode/settings.json"],
    ["a computer's settings", "/home/ada/.vscode-server/data/Machine/settings.json"],
    ["a program's settings", "/project/settings.json"],
    ["other user data", "/home/ada/.config/Code/User/keybindings.json"],
  ] as const) {
    it(`is left to the person where the editor shows ${what}`, async () => {
      state.settingFailure = new Error("not registered");
      const file = editorOf(path);
      willAnswer(/without a GitHub account\?/, "Change Setting");
      await allow();
      assert.deepEqual([file.text, file.saves], ["{\n}\n", 0]);
      theMessage(/^Extensions can't change this setting\./);
    });
  }

  it("is not said to be on while the file could not be saved", async () => {
    state.settingFailure = new Error("not registered");
    const file = editorOf("/home/ada/.config/Code/User/settings.json");
    file.isDirty = true;
    willAnswer(/without a GitHub account\?/, "Change Setting");
    const done = allow();
    await until(() => file.saves > 0);
    await settle();
    // Another file.
    state.documentSaved.fire({});
    assert.deepEqual(notified(), []);
    await clock.advance(5_000);
    await done;
    assert.deepEqual([JSON.parse(file.text), file.saves], [{ [setting]: true }, 1]);
    assert.deepEqual(notified(), ["Save your settings file to use Chat without a GitHub account."]);
  });

  it("is said to be on once VS Code has saved the file by itself", async () => {
    state.settingFailure = new Error("not registered");
    const file = editorOf("/home/ada/.config/Code/User/settings.json");
    file.isDirty = true;
    willAnswer(/without a GitHub account\?/, "Change Setting");
    const done = allow();
    await until(() => file.saves > 0);
    file.saved();
    await done;
    theMessage(/^You can now use Chat without a GitHub account\.$/);
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
