import assert from "node:assert/strict";
import { panelActionIds } from "../../../../src/shared/actionIds.ts";
import { resetVscode, state } from "../../../support/vscodeStub/stub.ts";
import { createPanelFixture, type PanelFixture } from "./panelFixture.ts";

describe("The settings panel takes from its page", () => {
  let fixture: PanelFixture;
  let panel: PanelFixture["panel"];
  let lines: PanelFixture["lines"];
  let calls: PanelFixture["calls"];
  let problems: PanelFixture["problems"];
  let receive: PanelFixture["receive"];
  beforeEach(() => {
    resetVscode();
    fixture = createPanelFixture();
    ({ panel, lines, calls, problems, receive } = fixture);
  });

  const known = [
    ...panelActionIds.map((type) => ({ type })),
    { type: "signInWith", flow: "paste" },
    { type: "useAccount", id: "other" },
    { type: "signOutAccount", id: "other" },
    { type: "forgetExtension", row: "a.b\nplan\n1" },
    { type: "blockExtension", row: "a.b\nplan\n1" },
    { type: "setAuthMode", authMode: "chatgpt" },
  ];
  for (const message of known) {
    it(JSON.stringify(message), async () => {
      panel.show();
      await receive(message);
      assert.deepEqual(calls, [JSON.stringify(message)]);
    });
  }

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
    // Actions that the panel does not offer.
    { type: "showMenu" },
    { type: "signInWithBrowser" },
    { type: "allowChatWithoutGitHub" },
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
    { type: "useAccount" },
    { type: "useAccount", id: 1 },
    { type: "useAccount", id: null },
    { type: "useAccount", id: ["other"] },
    { type: "useAccount", id: "other", label: "x" },
    { type: "signOutAccount", id: { toString: "other" } },
    { type: "forgetExtension" },
    { type: "blockExtension" },
    { type: "forgetExtension", row: ["a.b\nplan\n1"] },
    { type: "forgetExtension", row: "a.b\nplan\n1", id: "other" },
    { type: "signOutAccount", id: "other", label: "x" },
    { type: "view" },
    JSON.parse('{"type":"signIn","__proto__":{"chooseAccount":true}}'),
    JSON.parse('{"type":"useAccount","id":"other","__proto__":{}}'),
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
  for (const type of ["useAccount", "signOutAccount"]) {
    for (const id of strangers) {
      it(`nothing by ${type} of “${id.slice(0, 30)}”, which the panel does not show`, async () => {
        panel.show();
        await receive({ type, id });
        assert.deepEqual(calls, []);
      });
    }
  }

  for (const row of [...strangers, "a.b", "a.b\nplan\n2", "A.B\nplan\n1"]) {
    it(`nothing by an answer about “${row.slice(0, 30)}”, which the panel does not show`, async () => {
      panel.show();
      for (const type of ["forgetExtension", "blockExtension"]) await receive({ type, row });
      assert.deepEqual(calls, []);
    });
  }

  it("and goes on when what it asked for fails", async () => {
    panel.show();
    fixture.script.failingAction = new Error("secret detail");
    await receive({ type: "copySignInLink" });
    assert.match(lines.join(), /What the panel asked for failed: Error/);
    assert.doesNotMatch(lines.join(), /secret detail/);
    await receive({ type: "ready" });
    assert.deepEqual(problems(), ["first"]);
  });

  it("and goes on when it cannot be told which accounts are shown", async () => {
    panel.show();
    fixture.script.view = () => {
      throw new Error("secret detail");
    };
    await receive({ type: "useAccount", id: "other" });
    assert.deepEqual(calls, []);
    assert.match(lines.join(), /What the panel asked for failed: Error/);
    assert.doesNotMatch(lines.join(), /secret detail/);
  });
});
