import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { signedOut } from "../../../../src/account/state.ts";
import { createPanel, type PanelDependencies } from "../../../../src/editor/panel/module.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import type { View } from "../../../../src/shared/panelProtocol.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { changeSetting, resetVscode, settle } from "../../../support/vscodeStub/stub.ts";
import { Uri } from "../../../support/vscodeStub/vscode.ts";
import { logInto } from "../../openai/fixture.ts";
import { shown } from "./panelFixture.ts";

const sources = ["accounts", "ownKey", "signIn", "activity", "endpoints", "consumers", "usage"] as const;

describe("The panel, joined with what it shows", () => {
  let calls: string[];
  let changes: Map<string, Emitter<void>>;
  let panel: ReturnType<typeof createPanel>;

  beforeEach(() => {
    resetVscode();
    calls = [];
    changes = new Map(sources.map((name) => [name, new Emitter<void>(() => assert.fail("a listener failed"))]));
    const source = (name: (typeof sources)[number]) => ({ onDidChange: changes.get(name)?.event });
    const dependencies = {
      extensionUri: Uri.file("/extension") as unknown as vscode.Uri,
      run: async () => {},
      accounts: { ...source("accounts"), state: signedOut },
      known: {},
      ownKey: source("ownKey"),
      signIn: source("signIn"),
      activity: { ...source("activity"), busy: [] },
      endpoints: source("endpoints"),
      consumers: { ...source("consumers"), views: () => [] },
      review: { isNeeded: false },
      usage: { ...source("usage"), look: () => calls.push("look"), update: () => calls.push("update") },
      notifications: { warning: (text: string) => calls.push(text) },
      clock: new ManualClock(),
      log: logInto([]),
    };
    panel = createPanel(dependencies as unknown as PanelDependencies);
  });

  const views = () => shown().posted.filter((message) => (message as View).type === "view").length;

  it("sends a view for a change of each of them, and of a setting", async () => {
    panel.show();
    for (const [index, name] of sources.entries()) {
      changes.get(name)?.fire();
      await settle();
      assert.equal(views(), index + 1, name);
    }
    changeSetting("chatgptSignIn.authMode", "chatgpt");
    await settle();
    assert.equal(views(), sources.length + 1);
  });

  it("asks for the usage when the person looks, and again when they have allowed an address while they look", async () => {
    const { endpoints } = Object.fromEntries(changes);
    endpoints?.fire();
    panel.show();
    shown().received.fire({ type: "ready" });
    await settle();
    assert.deepEqual(calls, ["look"]);
    endpoints?.fire();
    assert.deepEqual(calls, ["look", "update"]);
    shown().setVisible(false);
    endpoints?.fire();
    shown().setVisible(true);
    panel.dispose();
    endpoints?.fire();
    assert.deepEqual(calls, ["look", "update"]);
  });
});
