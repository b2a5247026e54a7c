import assert from "node:assert/strict";
import { switchAuthMode } from "../../../../src/editor/signIn/authModeSwitch.ts";
import { Notifications } from "../../../../src/editor/vscode/notifications.ts";
import { createLogger } from "../../../../src/platform/logger.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { resetVscode, settingOf, settle, state, theMessage } from "../../../support/vscodeStub/stub.ts";
import { workspace } from "../../../support/vscodeStub/vscode.ts";

describe("Switching the auth mode beside something else", () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const log = createLogger(() => ({ debug: write, info: write, warn: write, error: write }));
  const notifications = new Notifications(log, () => {});

  beforeEach(() => {
    resetVscode();
    lines.length = 0;
  });

  it("writes the setting, and has done so when it resolves", async () => {
    await switchAuthMode("chatgpt", notifications, new ManualClock());
    assert.equal(settingOf("chatgptSignIn.authMode"), "chatgpt");
    assert.deepEqual(state.messages, []);
    await switchAuthMode("chatgpt", notifications, new ManualClock());
    assert.equal(state.written.length, 1, "what is so already is not written again");
  });

  it("tells when the setting could not be written, and throws nothing", async () => {
    state.settingFailure = new Error("Unable to write into user settings: /home/ada/settings.json is dirty");
    await switchAuthMode("chatgpt", notifications, new ManualClock());
    const { text, kind } = theMessage(/couldn't save the setting “chatgptSignIn\.authMode”/);
    assert.equal(kind, "error");
    assert.doesNotMatch(text + lines.join(), /ada|dirty/);
  });

  it("waits 3 s for VS Code and no longer; a failure after that is told as well", async () => {
    const clock = new ManualClock();
    const { getConfiguration } = workspace;
    const write = Promise.withResolvers<void>();
    try {
      workspace.getConfiguration = (section) => ({ ...getConfiguration(section), update: () => write.promise });
      let waits = true;
      const switched = switchAuthMode("chatgpt", notifications, clock).then(() => {
        waits = false;
      });
      await clock.advance(2_999);
      await settle();
      assert.equal(waits, true);
      await clock.advance(1);
      await switched;
      assert.deepEqual(state.messages, []);
      write.reject(new Error("too late"));
      await settle();
      theMessage(/couldn't save the setting/);
    } finally {
      workspace.getConfiguration = getConfiguration;
    }
  });

  it("leaves no timer behind", async () => {
    const clock = new ManualClock();
    await switchAuthMode("chatgpt", notifications, clock);
    await settle();
    assert.equal(clock.pending, 0);
  });
});
