import assert from "node:assert/strict";
import type * as vscode from "vscode";
import type { Actions } from "../../../../src/editor/actions.ts";
import type { EndpointReview } from "../../../../src/editor/endpoints/review.ts";
import { SettingsPanel } from "../../../../src/editor/panel/settingsPanel.ts";
import { Emitter } from "../../../../src/platform/emitter.ts";
import { createLogger } from "../../../../src/platform/logger.ts";
import type { View } from "../../../../src/shared/panelProtocol.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import type { Panel } from "../../../support/vscodeStub/stub.ts";
import { resetVscode, settle, state } from "../../../support/vscodeStub/stub.ts";
import { Uri } from "../../../support/vscodeStub/vscode.ts";

const other = {
  id: "other",
  label: "bob@example.com",
  origin: "own",
  needsSignIn: false,
} as const;

function viewOf(problem: string): View {
  return {
    type: "view",
    authMode: "apiKey",
    sign: { status: "signedOut" },
    otherAccounts: [other],
    ownKey: { status: "absent" },
    changedEndpoints: [],
    problem,
  };
}

describe("The settings panel", () => {
  let lines: string[];
  let calls: string[];
  /** What the view shows now; a function that throws where it cannot be made. */
  let view: () => View;
  let changed: Emitter<void>;
  let panel: SettingsPanel;
  let failingAction: Error | undefined;
  let clock: ManualClock;

  beforeEach(() => {
    resetVscode();
    clock = new ManualClock();
    lines = [];
    calls = [];
    failingAction = undefined;
    view = () => viewOf("first");
    changed = new Emitter((error) => {
      throw error;
    });
    const write = (line: string) => lines.push(line);
    const actions = new Proxy({} as Actions, {
      get:
        (_target, name) =>
        async (...args: unknown[]) => {
          calls.push([String(name), ...args.map((arg) => JSON.stringify(arg))].join(" "));
          if (failingAction) throw failingAction;
          return "a result";
        },
    });
    panel = new SettingsPanel({
      extensionUri: Uri.file("/extension") as unknown as vscode.Uri,
      actions,
      view: () => view(),
      changes: [(listener) => changed.event(listener)],
      showLog: () => calls.push("showLog"),
      onLook: () => calls.push("look"),
      onReadUsage: () => calls.push("readUsage"),
      review: { review: async () => calls.push("review") } as unknown as EndpointReview,
      onNotLoaded: () => calls.push("notLoaded"),
      clock,
      log: createLogger(() => ({ debug: write, info: write, warn: write, error: write })),
    });
  });

  /** The one webview that is open. */
  function shown(): Panel {
    const [open, ...more] = state.panels.filter(({ disposed }) => !disposed);
    assert.ok(open && more.length === 0, "one panel is open");
    return open;
  }
  const problems = () => shown().posted.map((message) => (message as View).problem);
  const receive = async (message: unknown) => {
    shown().received.fire(message);
    await settle();
    assert.deepEqual(shown().received.failures, []);
  };

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

  describe("answers each question", () => {
    for (const visible of [true, false]) {
      it(`while VS Code says that it is ${visible ? "visible" : "hidden"}`, async () => {
        panel.show();
        shown().setVisible(visible);
        await settle();
        shown().posted.length = 0;
        for (const name of ["one", "two", "three"]) {
          view = () => viewOf(name);
          await receive({ type: "ready" });
        }
        assert.deepEqual(problems(), ["one", "two", "three"]);
        assert.deepEqual(calls, ["look", "look", "look"]);
      });
    }

    it("also when whoever is told that a person looks fails", async () => {
      panel.show();
      Object.assign(calls, { push: () => assert.fail("no") });
      await receive({ type: "ready" });
      assert.deepEqual(problems(), ["first"]);
    });

    it("again, after one that got no view", async () => {
      panel.show();
      view = () => {
        throw Object.assign(new Error("secret detail"), { name: "SettingProblem" });
      };
      await receive({ type: "ready" });
      await receive({ type: "ready" });
      assert.deepEqual(problems(), []);
      assert.equal(lines.filter((line) => line.includes("SettingProblem")).length, 1, String(lines));
      assert.doesNotMatch(lines.join(), /secret detail/);
      view = () => viewOf("corrected");
      await receive({ type: "ready" });
      assert.deepEqual(problems(), ["corrected"]);
    });
  });

  it("sends what changes, and when it is shown again what changed while it was hidden", async () => {
    panel.show();
    view = () => viewOf("second");
    changed.fire();
    await settle();
    assert.deepEqual(problems(), ["second"]);
    shown().setVisible(false);
    view = () => viewOf("third");
    changed.fire();
    changed.fire();
    await settle();
    assert.deepEqual(problems(), ["second"], "VS Code would keep each of them");
    shown().setVisible(true);
    await settle();
    assert.deepEqual(problems(), ["second", "third"]);
    shown().setVisible(false);
    shown().setVisible(true);
    await settle();
    assert.deepEqual(problems(), ["second", "third", "third"], "VS Code has loaded its page again");
    shown().setVisible(false);
    panel.show();
    await settle();
    assert.deepEqual(problems().at(-1), "third");
    assert.equal(shown().visible, true);
  });

  describe("sends again what did not arrive, with the next", () => {
    const losses: readonly [string, () => Promise<boolean>][] = [
      ["was dropped", async () => false],
      ["was refused", () => Promise.reject(new Error("refused"))],
      [
        "could not be sent at all",
        () => {
          throw new Error("Webview is disposed");
        },
      ],
    ];
    const opportunities: readonly [string, () => unknown][] = [
      ["question", () => receive({ type: "ready" })],
      ["button that is pressed", () => receive({ type: "signIn" })],
      ["change of what VS Code shows", () => shown().viewStateChanged.fire({ webviewPanel: shown() })],
      ["change of the state", () => changed.fire()],
      ["command", () => panel.show()],
    ];
    for (const [how, lose] of losses) {
      for (const [what, take] of opportunities) {
        it(`${what}, after one that ${how}`, async () => {
          panel.show();
          const { postMessage } = shown().webview;
          shown().webview.postMessage = lose;
          view = () => viewOf("lost");
          changed.fire();
          changed.fire();
          await settle();
          assert.equal(lines.length, 1, `said once: ${lines}`);
          shown().webview.postMessage = postMessage;
          await take();
          await settle();
          assert.deepEqual(problems(), ["lost"]);
          // And not for ever.
          shown().viewStateChanged.fire({ webviewPanel: shown() });
          await receive({ type: "signOut" });
          assert.deepEqual(problems(), ["lost"]);
        });
      }
    }
  });

  it("sends with a button what changed while VS Code called it hidden", async () => {
    panel.show();
    await receive({ type: "ready" });
    shown().setVisible(false);
    view = () => viewOf("second");
    changed.fire();
    await receive({ type: "refresh" });
    assert.deepEqual(problems(), ["first", "second"]);
  });

  it("sends nothing twice when an older message is the last to arrive", async () => {
    panel.show();
    const arrivals: PromiseWithResolvers<boolean>[] = [];
    shown().webview.postMessage = () => {
      const arrival = Promise.withResolvers<boolean>();
      arrivals.push(arrival);
      return arrival.promise;
    };
    changed.fire();
    changed.fire();
    for (const { resolve } of arrivals.toReversed()) {
      resolve(true);
      await settle();
    }
    await receive({ type: "signIn" });
    assert.equal(arrivals.length, 2);
  });

  it("says it again when it could not be told again after it could", async () => {
    panel.show();
    const { postMessage } = shown().webview;
    for (const expected of [1, 2]) {
      shown().webview.postMessage = async () => false;
      changed.fire();
      changed.fire();
      await settle();
      assert.equal(lines.length, expected);
      shown().webview.postMessage = postMessage;
      await receive({ type: "ready" });
    }
  });

  it("does not wait for a message that VS Code keeps", async () => {
    panel.show();
    const { postMessage } = shown().webview;
    shown().webview.postMessage = () => new Promise(() => {});
    changed.fire();
    shown().webview.postMessage = postMessage;
    await receive({ type: "ready" });
    assert.deepEqual(problems(), ["first"]);
  });

  it("is made anew after it was closed, and tells the closed one nothing more", async () => {
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

    it("is told of once, after 20 s", async () => {
      panel.show();
      await clock.advance(19 * second);
      assert.deepEqual(calls, []);
      await clock.advance(second);
      assert.deepEqual(calls, ["notLoaded"]);
      await clock.advance(3600 * second);
      panel.show();
      assert.deepEqual(calls, ["notLoaded"]);
    });

    it("is not told of while it is hidden, and starts counting again when it is shown", async () => {
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

    it("is told of when it was there, and does not come back", async () => {
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
      panel = new SettingsPanel({
        extensionUri: {
          toString: () => {
            fail("its first step");
            return folder.toString();
          },
        } as unknown as vscode.Uri,
        actions: {} as Actions,
        view: () => view(),
        changes: [
          (listener) => {
            fail("its last step");
            return changed.event(listener);
          },
        ],
        showLog: () => {},
        onLook: () => {},
        onReadUsage: () => {},
        review: {} as EndpointReview,
        onNotLoaded: () => {},
        clock,
        log: createLogger(() => assert.fail("nothing to log")),
      });
      assert.throws(() => panel.show(), /not yet/);
      panel.show();
      assert.equal(state.panels.length, 2);
      await receive({ type: "ready" });
      assert.deepEqual(problems(), ["first"]);
    });
  }

  describe("takes from its page", () => {
    const known: readonly [unknown, string][] = [
      [{ type: "signIn" }, "signIn"],
      [{ type: "cancelSignIn" }, "cancelSignIn"],
      [{ type: "signInWith", flow: "paste" }, 'signInWith "paste"'],
      [{ type: "copySignInLink" }, "copySignInLink"],
      [{ type: "copyDeviceCode" }, "copyDeviceCode"],
      [{ type: "openDevicePage" }, "openDevicePage"],
      [{ type: "signOut" }, "signOut"],
      [{ type: "addAccount" }, 'signIn {"chooseAccount":true}'],
      [{ type: "switchAccount", id: "other" }, 'switchAccount "other"'],
      [{ type: "signOutAccount", id: "other" }, 'signOut "other"'],
      [{ type: "importFromCodex" }, "importFromCodex"],
      [{ type: "exportToCodex" }, "exportToCodex"],
      [{ type: "refresh" }, "refresh"],
      [{ type: "setAuthMode", authMode: "chatgpt" }, 'setAuthMode "chatgpt"'],
      [{ type: "setApiKey" }, "setApiKey"],
      [{ type: "adoptEnvironmentKey" }, "adoptEnvironmentKey"],
      [{ type: "removeApiKey" }, "removeApiKey"],
      [{ type: "retryDerivedKey" }, "retryDerivedKey"],
      [{ type: "openPlatform" }, "openPlatform"],
      [{ type: "reviewEndpoints" }, "review"],
      [{ type: "readUsage" }, "readUsage"],
      [{ type: "showLog" }, "showLog"],
    ];
    for (const [message, call] of known) {
      it(JSON.stringify(message), async () => {
        panel.show();
        await receive(message);
        assert.deepEqual(calls, [call]);
      });
    }

    it("the wish to see the settings, of which it names none", async () => {
      panel.show();
      await receive({ type: "openEndpointSettings" });
      assert.deepEqual(state.commands, [{ name: "workbench.action.openSettings", args: ["@id:chatgptSignIn.*"] }]);
    });

    const unknown: readonly unknown[] = [
      undefined,
      null,
      "signIn",
      42,
      [],
      ["signIn"],
      {},
      { type: "" },
      { type: "SIGNIN" },
      { type: "eval" },
      { type: "__proto__" },
      { type: "constructor" },
      { type: "toString" },
      { type: "hasOwnProperty" },
      { type: ["signIn"] },
      { type: { toString: "signIn" } },
      { type: "signIn", chooseAccount: true },
      { type: "signIn", flow: "paste" },
      { type: "signIn", url: "https://evil.example" },
      { type: "signOut", id: "other" },
      { type: "ready", view: {} },
      { type: "openPlatform", url: "https://evil.example" },
      { type: "openDevicePage", page: "https://evil.example" },
      { type: "openEndpointSettings", command: "workbench.action.terminal.new" },
      { type: "showLog", args: [] },
      { type: "command", command: "workbench.action.quit" },
      { type: "openExternal", url: "https://evil.example" },
      { type: "signInWith" },
      { type: "signInWith", flow: "password" },
      { type: "signInWith", flow: "__proto__" },
      { type: "signInWith", flow: ["browser"] },
      { type: "signInWith", flow: "browser", issuer: "https://evil.example" },
      { type: "setAuthMode" },
      { type: "setAuthMode", authMode: "both" },
      { type: "setAuthMode", authMode: "constructor" },
      { type: "setAuthMode", authMode: true },
      { type: "setAuthMode", authMode: "chatgpt", setting: "issuer" },
      { type: "switchAccount" },
      { type: "switchAccount", id: 1 },
      { type: "switchAccount", id: null },
      { type: "switchAccount", id: ["other"] },
      { type: "switchAccount", id: "other", label: "x" },
      { type: "signOutAccount", id: { toString: "other" } },
      { type: "view" },
      JSON.parse('{"type":"signIn","__proto__":{"chooseAccount":true}}'),
      JSON.parse('{"type":"switchAccount","id":"other","__proto__":{}}'),
      JSON.parse('{"__proto__":{"type":"signIn"}}'),
      JSON.parse('{"type":"signIn","constructor":{"prototype":{}}}'),
    ];
    for (const message of unknown) {
      it(`nothing by ${JSON.stringify(message) ?? "undefined"}`, async () => {
        panel.show();
        await receive(message);
        assert.deepEqual(calls, []);
        assert.deepEqual(state.commands, []);
        assert.deepEqual(state.opened, []);
        assert.equal(lines.length, 1);
        assert.doesNotMatch(lines.join(), /evil|other|quit/, "nothing of it is logged");
      });
    }

    const strangers = [
      "",
      "nobody",
      "OTHER",
      "other ",
      "bob@example.com",
      "__proto__",
      "constructor",
      "chatgptSignIn.index",
      "../other",
      "https://evil.example",
      "x".repeat(100_000),
    ];
    for (const type of ["switchAccount", "signOutAccount"]) {
      for (const id of strangers) {
        it(`nothing by ${type} of “${id.slice(0, 30)}”, which the panel does not show`, async () => {
          panel.show();
          await receive({ type, id });
          assert.deepEqual(calls, []);
        });
      }
    }

    it("and goes on when what it asked for fails", async () => {
      panel.show();
      failingAction = new Error("secret detail");
      await receive({ type: "copySignInLink" });
      assert.match(lines.join(), /What the panel asked for failed: Error/);
      assert.doesNotMatch(lines.join(), /secret detail/);
      await receive({ type: "ready" });
      assert.deepEqual(problems(), ["first"]);
    });
  });
});
