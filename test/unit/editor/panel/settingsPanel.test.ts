import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { resetVscode, settle, state } from "../../../support/vscodeStub/stub.ts";
import { Uri } from "../../../support/vscodeStub/vscode.ts";
import { createPanelFixture, type PanelFixture, shown } from "./panelFixture.ts";

describe("The settings panel", () => {
  let fixture: PanelFixture;
  let panel: PanelFixture["panel"];
  let calls: PanelFixture["calls"];
  let changed: PanelFixture["changed"];
  let clock: PanelFixture["clock"];
  let problems: PanelFixture["problems"];
  let receive: PanelFixture["receive"];
  beforeEach(() => {
    resetVscode();
    fixture = createPanelFixture();
    ({ panel, calls, changed, clock, problems, receive } = fixture);
  });

  it("is one webview with scripts, and with nothing else that could be allowed", () => {
    panel.show();
    panel.show();
    assert.equal(state.panels.length, 1);
    assert.equal(shown().reveals, 1);
    const { localResourceRoots, ...options } = shown().options as vscode.WebviewPanelOptions & vscode.WebviewOptions;
    assert.deepEqual(options, { enableScripts: true, enableForms: false });
    assert.deepEqual(localResourceRoots?.map(String), ["file:///extension/dist/webview"]);
    assert.match(shown().webview.html, /style-src https:\/\/webview\.invalid;/);
    assert.match(shown().webview.html, /src="file:\/\/\/extension\/dist\/webview\/main\.js"/);
    assert.match(shown().webview.html, /href="file:\/\/\/extension\/dist\/webview\/main\.css"/);
  });

  it("is created again after it was closed, and tells the closed one nothing more", async () => {
    panel.show();
    const closed = shown();
    closed.dispose();
    assert.equal(panel.visible, false);
    changed.fire();
    await settle();
    panel.show();
    assert.notEqual(shown(), closed);
    closed.received.fire({ type: "ready" });
    closed.received.fire({ type: "signIn" });
    closed.viewStateChanged.fire({ webviewPanel: closed });
    closed.dispose();
    await settle();
    assert.deepEqual(closed.posted, []);
    assert.deepEqual(calls, []);
    assert.equal(panel.visible, true);
    await receive({ type: "ready" });
    assert.deepEqual(problems(), ["first"]);
  });

  describe("whose page VS Code does not load", () => {
    const second = 1000;

    it("is reported once, after 20 s", async () => {
      panel.show();
      await clock.advance(19 * second);
      assert.deepEqual(calls, []);
      await clock.advance(second);
      assert.deepEqual(calls, ["notLoaded"]);
      await clock.advance(3600 * second);
      panel.show();
      assert.deepEqual(calls, ["notLoaded"]);
    });

    it("is not reported while it is hidden, and starts counting again when it is shown", async () => {
      panel.show();
      await clock.advance(19 * second);
      shown().setVisible(false);
      await clock.advance(3600 * second);
      shown().setVisible(true);
      await clock.advance(19 * second);
      assert.deepEqual(calls, []);
      await clock.advance(second);
      assert.deepEqual(calls, ["notLoaded"]);
    });

    it("is reported when it was there, and does not come back", async () => {
      panel.show();
      await receive({ type: "ready" });
      await clock.advance(3600 * second);
      assert.deepEqual(calls, ["look"]);
      shown().setVisible(false);
      shown().setVisible(true);
      await clock.advance(20 * second);
      assert.deepEqual(calls, ["look", "notLoaded"]);
    });

    it("leaves no timer when it is closed", async () => {
      panel.show();
      shown().dispose();
      await clock.advance(3600 * second);
      assert.deepEqual(calls, []);
    });
  });

  for (const where of ["its first step", "its last step"]) {
    it(`that could not be filled (${where}) is closed, and the next command makes another`, async () => {
      let failures = 0;
      const fail = (step: string) => {
        if (step !== where || state.panels.length === 0 || failures === 1) return;
        failures += 1;
        throw new Error("not yet");
      };
      const folder = Uri.file("/extension");
      const changed = fixture.changed.event;
      const { panel, receive, problems, lines } = createPanelFixture({
        extensionUri: {
          toString: () => {
            fail("its first step");
            return folder.toString();
          },
        } as unknown as vscode.Uri,
        changes: [
          (listener) => {
            fail("its last step");
            return changed(listener);
          },
        ],
      });
      assert.throws(() => panel.show(), /not yet/);
      panel.show();
      assert.equal(state.panels.length, 2);
      await receive({ type: "ready" });
      assert.deepEqual([problems(), lines], [["first"], []]);
    });
  }
});
